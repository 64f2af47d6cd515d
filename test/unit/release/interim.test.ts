import { describe, expect, test } from "vitest";
import { REPLACED_PREFIX } from "../../../components/release/records/replaced";
import { isStandIn, standInName } from "../../../components/release/interim";
import { keptName } from "../../../components/operations/restore/incoming";
import { orphansOf } from "../../../components/operations/recovery/orphans";

describe("the name of a stand-in", () => {
  const name = standInName("nestfleet-prod", "20261124t080102z", "api");

  test("is known as one, with the moment of every database that a restore replaces", () => {
    expect(name).toBe("nestfleet-prod-restored-20261124t080102z-api");
    const kept = keptName(new Date(), []);
    for (const role of ["api", "console", "worker"])
      expect(isStandIn(standInName("nestfleet-prod", kept.slice(REPLACED_PREFIX.length), role))).toBe(true);
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
    expect(isStandIn(other)).toBe(false);
  });

  test("is never taken for a container that the engine was creating when it was killed", () => {
    const created = ["nestfleet-prod-api", "nestfleet-prod-console", "nestfleet-prod-worker-1"];
    const standIns = ["api", "console", "worker"].map((role) => ({
      id: role,
      name: standInName("nestfleet-prod", "20261124t080102z", role),
      role,
    }));
    expect(orphansOf(standIns, created, new Set())).toEqual([]);
  });
});
