import { describe, expect, test } from "vitest";
import { interimName, isInterim, REPLACED_PREFIX } from "../../../components/release/names";
import { replacedName } from "../../../components/operations/restore/replaced-databases";
import { orphansOf } from "../../../components/operations/recovery/orphans";

describe("the name of a temporary container", () => {
  const name = interimName({ stack: "prod", moment: "20261124t080102z", role: "api" });

  test("is recognized, with the time of every database that a restore replaces", () => {
    expect(name).toBe("nestfleet-prod-restored-20261124t080102z-api");
    const moment = replacedName(new Date(), []).slice(REPLACED_PREFIX.length);
    for (const role of ["api", "console", "worker"])
      expect(isInterim(interimName({ stack: "prod", moment, role }))).toBe(true);
  });

  test.each([
    "nestfleet-prod-api",
    "nestfleet-prod-api-1a2b3c4",
    "nestfleet-prod-worker-1-1a2b3c4",
    "nestfleet-restored-api",
    "nestfleet-restored-api-1a2b3c4",
    `${REPLACED_PREFIX}20261124t080102z`,
    `${name}-1a2b3c4`,
    "",
  ])("is not that of anything else: %j", (other) => {
    expect(isInterim(other)).toBe(false);
  });

  test("is never taken for a container that Pulumi was creating when it was killed", () => {
    const created = ["nestfleet-prod-api", "nestfleet-prod-console", "nestfleet-prod-worker-1"];
    const interims = ["api", "console", "worker"].map((role) => ({
      id: role,
      name: interimName({ stack: "prod", moment: "20261124t080102z", role }),
      role,
    }));
    expect(orphansOf(interims, created, new Set())).toEqual([]);
  });
});
