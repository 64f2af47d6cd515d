import { describe, expect, test } from "vitest";
import { parseHistory } from "../../../../components/release/records/history";
import { reasonIn, record } from "../../../../components/operations/history/record";
import { listing, ScriptedDocker } from "../../../support/docker";
import { KeptHistory } from "../../../support/kept-history";

describe("the reason of a refusal, on one line", () => {
  test("is the first line of the report", () => {
    expect(reasonIn("api is not healthy: it exited with code 3.\nWhat runs now:\n  nothing")).toBe(
      "api is not healthy: it exited with code 3.",
    );
  });

  test("includes what it quotes, and not what was undone", () => {
    const report =
      "The rehearsal fails: it said:\n  | error: a row violates it\n  | detail: which.\nNext: mend it.\n  | x";
    expect(reasonIn(report)).toBe("The rehearsal fails: it said: error: a row violates it detail: which.");
  });
});

/** A host with that database only. */
class Kept extends KeptHistory {
  public readonly docker = new ScriptedDocker((command, stdin) => {
    if (command === "inspect --type container nestfleet-prod-postgres") return '[{"Config":{}}]';
    return this.answer(command, stdin) ?? listing([])(command) ?? "";
  });

  public record(from: string | undefined, to: string, failure?: string, begun = true) {
    const step = { stack: "prod", postgres: "nestfleet-prod-postgres", started: Date.now(), from, to, begun };
    return record(this.docker, step, failure);
  }
}

describe("the history", () => {
  test("has a success once, although the run that wrote it was killed and repeated", async () => {
    const kept = new Kept();
    for (const from of [undefined, undefined]) await kept.record(from, "1.4.2");
    await kept.record("1.4.2", "1.5.0");
    const again = await kept.record("1.4.2", "1.5.0");
    expect(kept.lines()).toEqual(["nothing → 1.4.2 installed", "1.4.2 → 1.5.0 upgraded"]);
    expect(again).toEqual(parseHistory(kept.text));
  });

  test("has it once also if another attempt has failed since", async () => {
    const kept = new Kept();
    await kept.record("1.4.2", "1.5.0");
    await kept.record("1.5.0", "1.6.0", "api is not healthy");
    await kept.record("1.4.2", "1.5.0");
    expect(kept.lines()).toEqual(["1.4.2 → 1.5.0 upgraded", "1.5.0 → 1.6.0 failed"]);
  });

  test("has it again after a rollback, and each failure", async () => {
    const kept = new Kept();
    await kept.record("1.4.2", "1.5.0", "the disk is full");
    await kept.record("1.4.2", "1.5.0", "the disk is full");
    await kept.record("1.4.2", "1.5.0");
    await kept.record("1.5.0", "1.4.2");
    await kept.record("1.4.2", "1.5.0");
    expect(kept.lines()).toEqual([
      "1.4.2 → 1.5.0 failed",
      "1.4.2 → 1.5.0 failed",
      "1.4.2 → 1.5.0 upgraded",
      "1.5.0 → 1.4.2 rolled back",
      "1.4.2 → 1.5.0 upgraded",
    ]);
  });

  test("has the migrations that an update has applied, and none for an update that had not begun", async () => {
    const kept = new Kept();
    await kept.record("1.4.2", "1.5.0", "the lock of a backup is held", false);
    await kept.record("1.4.2", "1.5.0", "api is not healthy");
    const migrations = parseHistory(kept.text).map((entry) => entry.migrations);
    expect(migrations).toEqual([[], ["0001_a.sql", "0002_b.sql"]]);
  });

  test("has no line for a container that was only replaced, unless that failed", async () => {
    const kept = new Kept();
    expect(await kept.record("1.5.0", "1.5.0")).toEqual([]);
    await kept.record("1.5.0", "1.5.0", "api is not healthy");
    expect(kept.lines()).toEqual(["1.5.0 → 1.5.0 failed"]);
  });
});
