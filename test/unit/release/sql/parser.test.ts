import { expect, test } from "vitest";
import { postgresParser } from "../../../../components/release/sql/parser";
import { readMigration } from "../../../../components/release/sql/reading";

test("a parser whose stack has overflowed is not used again, because it would hang", async () => {
  const parser = await postgresParser();
  expect(readMigration(parser, "DROP TABLE a").findings).toHaveLength(1);
  for (let round = 0; round < 50; round++) {
    const { unreadable } = readMigration(parser, `SELECT 1${"+1".repeat(100_000)}`);
    expect(unreadable?.line).toBe(1);
    expect(unreadable?.reason).toMatch(/nested too deeply|has failed on another text/);
  }
  expect(readMigration(parser, "DROP TABLE a").unreadable?.reason).toBe("the parser has failed on another text before");
});

test("a tree that is too deep to be walked through is not an error", async () => {
  const sum = `DELETE FROM a WHERE b = 1${"+1".repeat(5_000)}`;
  const { findings, unreadable } = readMigration(await postgresParser(), sum);
  expect(findings.length === 1 || unreadable !== undefined).toBe(true);
});

test("it is PostgreSQL 18's", async () => {
  const { parseSync } = await import("libpg-query");
  expect(Math.floor((parseSync("SELECT 1").version ?? 0) / 10_000)).toBe(18);
});
