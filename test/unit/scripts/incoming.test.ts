import { describe, expect, test } from "vitest";
import { replacedAtByName } from "../../../components/release/replaced";
import { keptName } from "../../../scripts/lib/incoming";

describe("the name under which a replaced database is kept", () => {
  const now = new Date("2026-11-24T08:01:02.900Z");

  test("says when, to the second, and is read as that", () => {
    expect(keptName(now, [])).toBe("nestfleet_replaced_20261124t080102z");
    expect(replacedAtByName(keptName(now, []))).toBe("2026-11-24T08:01:02Z");
  });

  test("takes the time as it is, where the others are older or are somebody else's", () => {
    const others = ["nestfleet", "postgres", "nestfleet_restoring", "nestfleet_replaced_", "nestfleet_replaced_x"];
    expect(keptName(now, [...others, "nestfleet_replaced_20261124t080101z"])).toBe(
      "nestfleet_replaced_20261124t080102z",
    );
  });

  test("is another one within the same second", () => {
    expect(keptName(now, ["nestfleet_replaced_20261124t080102z"])).toBe("nestfleet_replaced_20261124t080103z");
  });

  test("is later than all there are, also after the clock was set back", () => {
    const existing = ["nestfleet_replaced_20261231t235959z", "nestfleet_replaced_20261124t090000z"];
    expect(keptName(now, existing)).toBe("nestfleet_replaced_20270101t000000z");
  });

  test("sorts in the order in which they were replaced, whatever the clock does", () => {
    const names: string[] = [];
    for (const minutes of [0, 0, 5, -60, -60, 30])
      names.push(keptName(new Date(now.getTime() + minutes * 60_000), names));
    expect(new Set(names).size).toBe(names.length);
    expect([...names].sort()).toEqual(names);
  });
});
