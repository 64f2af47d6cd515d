import { afterAll, beforeAll, expect, test } from "vitest";
import { Load } from "../support/load";
import { momentsOf } from "../support/kills";
import { FULL, PER_SECOND } from "../support/scale";
import { expectNothingLeft, expectSettled, expectUp } from "../support/expectations";
import { TestStack } from "../support/stack";

const stack = new TestStack("test-kill", 18110);
/** About as long as an update takes. */
const LONGEST_MS = 26_000;

let load: Load;

beforeAll(async () => {
  // 1.5.0 runs on the schema of 1.5.1, so that the two can take turns without a restore.
  await stack.create({ version: "1.5.0", allowSchemaAhead: "true" });
  await expectUp(stack);
  load = new Load(stack.httpPort, PER_SECOND);
});

afterAll(async () => {
  await stack.dispose();
});

/** While everybody's requests are watched; between the worker's gate and the verdict; and while the copy is migrated. */
const WORDS = [/requests go to/, /worker is healthy/, ...(FULL ? [/rehearsal: \S+ restored/] : [])];
const MOMENTS = momentsOf(WORDS, LONGEST_MS);

test.each(MOMENTS)("killed with -9 at %s, the next up converges", async (moment, index) => {
  const version = index % 2 === 0 ? "1.5.1" : "1.5.0";
  await stack.configure({ version });
  await stack.upKilled(moment);
  expect((await stack.containers())["worker"]).not.toEqual(undefined);
  await expectUp(stack);
  await expectSettled(stack, version);
});

test("over all of it no request failed, none was lost, each job was done once, and nothing is left behind", async () => {
  const report = await load.stop();
  const undone = () => stack.sql("SELECT count(*) FROM cases WHERE processed_at IS NULL");
  await expect.poll(undone, { timeout: 60_000 }).toBe("0");
  expect(report.failed).toEqual([]);
  expect(report.sent).toBeGreaterThan(10 * PER_SECOND * MOMENTS.length);
  expect(await stack.missing(report.created)).toEqual([]);
  await expectNothingLeft(stack);
});
