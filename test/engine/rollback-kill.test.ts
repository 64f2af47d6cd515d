import { afterAll, beforeAll, expect, test } from "vitest";
import { momentsOf } from "../support/kills";
import { FULL } from "../support/scale";
import { expectNothingLeft, expectSettled, expectUp } from "../support/expectations";
import { TestStack } from "../support/stack";

const stack = new TestStack("test-rollback-kill", 18160);
/** About as long as a rollback takes. */
const LONGEST_MS = 22_000;
/** Of 1.4.2, with this many cases. */
let backup = "";
const CASES = 500;

beforeAll(async () => {
  await stack.create({ version: "1.4.2", "health.soakSeconds": "0", rehearsal: "off" });
  await expectUp(stack);
  await stack.sql(cases(CASES));
  await upgrade();
  backup = /backup (\d{8}T\d{6}Z-1\.4\.2)/.exec(stack.said)?.[1] ?? "";
  await stack.configure({ restore: backup });
});

afterAll(async () => {
  await stack.dispose();
});

function cases(count: number): string {
  return `INSERT INTO cases (id, title, priority, processed_at) SELECT gen_random_uuid(), 'case ' || n, 'normal', now() FROM generate_series(1, ${count}) n`;
}

async function upgrade(): Promise<void> {
  await stack.configure({ version: "1.5.0" });
  await expectUp(stack);
}

function count(database?: string): Promise<string> {
  return stack.sql("SELECT count(*) FROM cases", database);
}

/** While requests wait; once the restored data are served; and beside the live database. */
const WORDS = [
  /requests are held; frozen/,
  /serves the restored data/,
  ...(FULL ? [/restored \S+ beside the live database/] : []),
];
const MOMENTS = momentsOf(WORDS, LONGEST_MS);

/** As where the kill hits the swap itself: nobody may connect to the database. A preview has to say what is up. */
async function leaveLocked(): Promise<void> {
  await stack.sql("ALTER DATABASE nestfleet ALLOW_CONNECTIONS false", "postgres");
  expect((await stack.previewed()).summary).toMatch(
    /an update was killed while requests were held: \S+ up .* takes it back or finishes it/,
  );
}

test.each(MOMENTS)(
  "a rollback killed with -9 at %s: the next up converges, on exactly the rows of the backup",
  async (moment, index) => {
    if ((await stack.answeringVersion()) !== "1.5.0") await upgrade();
    await stack.sql(cases(7));
    const before = await count();
    await stack.configure({ version: "1.4.2" });
    // Every other time nobody is left who could take it back before the next run.
    await stack.upKilled(moment, { withChildren: index % 2 === 0 });
    if (index === 0) await leaveLocked();
    await expectUp(stack);
    await expectSettled(stack, "1.4.2");
    expect(await count()).toBe(String(CASES));
    const kept = await stack.sql("SELECT max(datname) FROM pg_database WHERE datname ~ 'replaced'");
    expect(await count(kept)).toBe(before);
    await expectNothingLeft(stack);
  },
);

test("each rollback is in the history once, and nothing else is left over", async () => {
  const history = await stack.history();
  const rolledBack = history.filter(({ verdict }) => verdict === "rolled back");
  expect(new Set(rolledBack.map(({ replaced }) => replaced)).size).toBe(rolledBack.length);
  expect(rolledBack.length).toBe(MOMENTS.length);
  const others = "SELECT datname FROM pg_database WHERE datname !~ 'replaced' ORDER BY datname";
  expect((await stack.sql(others)).split("\n")).toEqual(["nestfleet", "postgres", "template0", "template1"]);
});
