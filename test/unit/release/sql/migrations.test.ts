import { describe, expect, test } from "vitest";
import { compareSchema } from "../../../../components/release/sql/migrations";
import { HARMLESS, migrationsOf } from "../facts";

const files = (...names: string[]) => names.map((file) => ({ file, reading: HARMLESS }));

describe("a schema and a release", () => {
  test.each<[string, string[], string[], string[], string[]]>([
    ["nothing applied", [], ["1", "2"], ["1", "2"], []],
    ["all applied", ["1", "2"], ["1", "2"], [], []],
    ["a hole is filled", ["1", "3"], ["1", "2", "3"], ["2"], []],
    ["ahead, in order of application", ["1", "4", "3"], ["1"], [], ["4", "3"]],
    ["diverged", ["1", "2a"], ["1", "2b"], ["2b"], ["2a"]],
    ["two of one number", [], ["0026_b", "0026_a", "0003_x"], ["0003_x", "0026_a", "0026_b"], []],
    ["order of bytes, not of a locale", [], ["0001_a", "0001B", "0001-c"], ["0001-c", "0001B", "0001_a"], []],
  ])("%s", (_, applied, known, pending, ahead) => {
    const difference = compareSchema(applied, files(...known));
    expect(difference.pending.map(({ file }) => file)).toEqual(pending);
    expect(difference.ahead).toEqual(ahead);
  });
});

test("each pending migration comes with its findings", () => {
  const { pending } = compareSchema(
    migrationsOf("1.5.0").map(({ file }) => file),
    migrationsOf("1.5.1"),
  );
  expect(pending).toEqual([
    {
      file: "0007_drop_cases_channel.sql",
      incompatible: false,
      extensions: [],
      findings: [{ line: 2, statement: "ALTER TABLE cases DROP COLUMN channel", losesData: true, breaksRunning: true }],
    },
  ]);
});

test("a pending migration that was not read has no findings", () => {
  const { pending } = compareSchema(["1"], [{ file: "1" }, { file: "2" }]);
  expect(pending).toMatchObject([{ file: "2", unreadable: { line: 1, reason: "it has not been read" } }]);
});
