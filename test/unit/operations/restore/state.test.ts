import { describe, expect, test } from "vitest";
import { Database } from "../../../../components/host/database/database";
import { formatState, parseState, Progress, type RestoreState } from "../../../../components/operations/restore/state";
import { ScriptedDocker } from "../../../support/docker";

const SERVING = { api: "nestfleet-prod-api-1", console: "nestfleet-prod-console-1" };
const INTERIM = "nestfleet-prod-restored-20261124t080102z-api";
const state: RestoreState = {
  step: "opening",
  backup: "20261124T070000Z-1.4.2",
  from: "1.5.0",
  to: "1.4.2",
  incoming: "nestfleet_restoring",
  replaced: "nestfleet_replaced_20261124t080102z",
  before: SERVING,
  after: { ...SERVING, api: INTERIM },
  interims: [INTERIM],
  heldSeconds: 2.5,
  images: { api: "sha256:1" },
  started: "2026-11-24T08:01:02.000Z",
};

describe("the file of a restore", () => {
  test("is read also with the names that an older program has written", () => {
    const written = JSON.parse(formatState("prod", state)) as Record<string, unknown>;
    expect(written).toMatchObject({ standIns: [INTERIM], holdSeconds: 2.5 });
    expect(Object.keys(written)).toEqual([
      ...["step", "backup", "from", "to", "incoming", "replaced", "before", "after", "standIns", "images"],
      ...["holdSeconds", "started"],
    ]);
    expect(parseState("prod", JSON.stringify(written))).toEqual(state);
  });

  test.each([
    [
      "another stack's",
      { standIns: ["nestfleet-test-restored-20261124t080102z-api"] },
      /^standIns\.0: not a container of/,
    ],
    [
      "what no restore makes",
      { standIns: ["nestfleet-prod-api-1"] },
      /^standIns\.0: not a temporary container of a restore$/,
    ],
    ["a name of later", { interims: [] }, /interims/],
  ])("with %s is reported", (_, change, fault) => {
    const written = { ...(JSON.parse(formatState("prod", state)) as object), ...change };
    expect(parseState("prod", JSON.stringify(written))).toMatch(fault);
  });
});

describe("a restore in progress", () => {
  /** A host that records what was written, and whose disk can be full. */
  function host() {
    const written: string[] = [];
    const disk = { full: false };
    const docker = new ScriptedDocker((command) => {
      if (disk.full) return undefined;
      written.push(/"step":"(\w+)"/.exec(command)?.[1] ?? "");
      return "";
    });
    return { database: new Database(docker, "postgres"), written, disk };
  }

  test("is recorded before it begins and at each step, with the facts so far", async () => {
    const { database, written } = host();
    const progress = await Progress.begin(database, "prod", { ...state, step: "restoring", heldSeconds: undefined });
    await progress.enter("exchanging");
    await progress.enter("serving", { heldSeconds: 4 });
    expect(written).toEqual(["restoring", "exchanging", "serving"]);
    expect(progress.state).toEqual({ ...state, step: "serving", heldSeconds: 4 });
  });

  test("counts as having reached a step whose record failed, because the record may be on the disk", async () => {
    const { database, disk } = host();
    const progress = await Progress.begin(database, "prod", { ...state, step: "restoring" });
    disk.full = true;
    await expect(progress.enter("exchanging")).rejects.toThrow();
    expect(progress.state.step).toBe("exchanging");
  });

  test("does not change what an earlier reader got", async () => {
    const progress = await Progress.begin(host().database, "prod", { ...state, step: "restoring" });
    const before = progress.state;
    await progress.enter("opening");
    expect(before.step).toBe("restoring");
  });
});
