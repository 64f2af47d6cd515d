import { describe, expect, test } from "vitest";
import { replacedAtByName } from "../../../../components/release/records/replaced";
import { Database } from "../../../../components/host/database/database";
import { replacedName, pruneReplaced } from "../../../../components/operations/restore/replaced-databases";
import { ScriptedDocker } from "../../../support/docker";

describe("the name under which a replaced database is kept", () => {
  const now = new Date("2026-11-24T08:01:02.900Z");

  test("says when, to the second, and is read as that", () => {
    expect(replacedName(now, [])).toBe("nestfleet_replaced_20261124t080102z");
    expect(replacedAtByName(replacedName(now, []))).toBe("2026-11-24T08:01:02Z");
  });

  test("takes the present time if all others are older, or are not previous databases", () => {
    const others = ["nestfleet", "postgres", "nestfleet_restoring", "nestfleet_replaced_", "nestfleet_replaced_x"];
    expect(replacedName(now, [...others, "nestfleet_replaced_20261124t080101z"])).toBe(
      "nestfleet_replaced_20261124t080102z",
    );
  });

  test("differs within the same second", () => {
    expect(replacedName(now, ["nestfleet_replaced_20261124t080102z"])).toBe("nestfleet_replaced_20261124t080103z");
  });

  test("is later than all existing ones, also after the clock was set back", () => {
    const existing = ["nestfleet_replaced_20261231t235959z", "nestfleet_replaced_20261124t090000z"];
    expect(replacedName(now, existing)).toBe("nestfleet_replaced_20270101t000000z");
  });

  test("is valid also after the last second that a name can contain", () => {
    expect(replacedName(now, ["nestfleet_replaced_99991231t235959z"])).toBe("nestfleet_replaced_20261124t080102z");
  });

  test("sorts in the order in which they were replaced, whatever the clock does", () => {
    const names: string[] = [];
    for (const minutes of [0, 0, 5, -60, -60, 30])
      names.push(replacedName(new Date(now.getTime() + minutes * 60_000), names));
    expect(new Set(names).size).toBe(names.length);
    expect([...names].sort()).toEqual(names);
  });
});

describe("a database that was kept for longer than configured", () => {
  const DAY = 86_400_000;
  const replaced = (days: number) => replacedName(new Date(Date.now() - days * DAY), []);
  /**
   * Of three kept databases, by days, what is dropped when a week is asked for and the host's clock is off by so many
   * days.
   */
  const dropped = async (clock: number | undefined) => {
    const names = [replaced(8), replaced(6), replaced(1)];
    const docker = new ScriptedDocker((command, sql) => {
      if (command.startsWith("info "))
        return clock === undefined ? "somewhen\n" : `${new Date(Date.now() + clock * DAY).toISOString()}\n`;
      return sql.includes("datname ~") ? names.join("\n") : "";
    });
    const gone = await pruneReplaced(new Database(docker, "postgres"), 7);
    return gone.map((name) => names.indexOf(name));
  };

  test("is dropped by the host's clock only", async () => {
    expect(await dropped(0)).toEqual([0]);
  });

  test.each<[string, number | undefined]>([
    ["is behind", -30],
    ["does not tell", undefined],
  ])("stays where the host's clock %s", async (_, clock) => {
    expect(await dropped(clock)).toEqual([]);
  });

  test("does not look younger if the host's clock is ahead of this machine's", async () => {
    expect(await dropped(30)).toEqual([0]);
  });
});
