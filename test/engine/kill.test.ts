import { afterAll, beforeAll, expect, test } from "vitest";
import { Load } from "../support/load";
import { momentsOf } from "../support/kills";
import { KILLS } from "../support/scale";
import { expectNothingLeft, expectSettled, expectUp } from "../support/expectations";
import { TestStack } from "../support/stack";

const stack = new TestStack("test-kill", 18110);
/** About as long as an update takes. */
const LONGEST_MS = 26_000;

let load: Load;

beforeAll(async () => {
  // 1.5.0 runs on the schema of 1.5.1, so that the two can take turns without a restore.
  await stack.create({ version: "1.5.0", "health.holdSeconds": "1", allowSchemaAhead: "true" });
  await expectUp(stack);
  load = new Load(stack.httpPort, 50);
});

afterAll(async () => {
  await stack.dispose();
});

test.each(momentsOf(LONGEST_MS))("killed with -9 after %d ms, the next up converges", async (moment, index) => {
  const version = index % 2 === 0 ? "1.5.1" : "1.5.0";
  await stack.configure({ version });
  await stack.upKilledAfter(moment);
  await expectUp(stack);
  await expectSettled(stack, version);
});

test("over all of it no request failed, none was lost, and nothing is left behind", async () => {
  const report = await load.stop();
  expect(report.failed).toEqual([]);
  expect(report.sent).toBeGreaterThan(500 * KILLS);
  expect(await stack.missing(report.created)).toEqual([]);
  await expectNothingLeft(stack);
});
