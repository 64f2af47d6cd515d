import { afterAll, beforeAll, expect, test } from "vitest";
import { Load } from "../support/load";
import { random } from "../support/random";
import { expectNothingLeft, expectSettled } from "../support/settled";
import { TestStack } from "../support/stack";

const stack = new TestStack("test-kill", 18110);
const KILLS = 20;
/** Longer than an update takes: some kills come after its end, and find nothing to kill. */
const LONGEST_MS = 26_000;
const SEED = 20261124;

let load: Load;

beforeAll(async () => {
  // 1.5.0 runs on the schema of 1.5.1, so that the two can take turns without a restore.
  await stack.create({ version: "1.5.0", "health.holdSeconds": "1", allowSchemaAhead: "true" });
  expect((await stack.up()).exitCode).toBe(0);
  load = new Load(stack.httpPort, 50);
});

afterAll(async () => {
  await stack.dispose();
});

/** Spread over the whole update, a random moment within each twentieth. */
const chance = random(SEED);
const moments = Array.from({ length: KILLS }, (_, index) => Math.round(((index + chance()) / KILLS) * LONGEST_MS));

test.each(moments.map((moment, index) => [moment, index] as const))(
  "killed with -9 after %d ms, the next up converges",
  async (moment, index) => {
    const version = index % 2 === 0 ? "1.5.1" : "1.5.0";
    await stack.configure({ version });
    await stack.upKilledAfter(moment);
    const up = await stack.up();
    expect(up.exitCode, up.output).toBe(0);
    await expectSettled(stack, version);
  },
);

test("over all of it no request failed, none was lost, and nothing is left behind", async () => {
  const report = await load.stop();
  expect(report.failed).toEqual([]);
  expect(report.sent).toBeGreaterThan(10_000);
  expect(await stack.missing(report.created)).toEqual([]);
  await expectNothingLeft(stack);
});
