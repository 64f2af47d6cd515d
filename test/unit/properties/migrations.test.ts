import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { type Parser, postgresParser } from "../../../components/release/sql/parser";
import { readMigration } from "../../../components/release/sql/reading";

let parser: Parser;
beforeAll(async () => {
  parser = await postgresParser();
});

const destructiveStatements = (sql: string) => readMigration(parser, sql).findings;
const isMarkedIncompatible = (sql: string) => readMigration(parser, sql).incompatible;

/** `LINE loses|breaks|both`: what must not depend on how the rest of the file is written. */
function found(sql: string): string[] {
  return destructiveStatements(sql).map(
    ({ line, losesData, breaksRunning }) =>
      `${line} ${losesData && breaksRunning ? "both" : losesData ? "loses" : breaksRunning ? "breaks" : "nothing"}`,
  );
}

/**
 * The words of statements that are found, with a mark before the word whose line is reported if it is not the first.
 */
const DESTRUCTIVE: readonly (readonly [harm: string, words: string])[] = [
  ["both", "DROP TABLE cases"],
  ["both", "DROP TABLE IF EXISTS public.cases , notes CASCADE"],
  ["both", "DROP SCHEMA old CASCADE"],
  ["both", "DROP TYPE mood"],
  ["both", "DROP SEQUENCE numbers"],
  ["both", "DROP EXTENSION vector CASCADE"],
  ["loses", "TRUNCATE cases"],
  ["loses", "TRUNCATE TABLE ONLY cases CASCADE"],
  ["loses", "DELETE FROM cases"],
  ["loses", "DELETE FROM ONLY cases WHERE id = 1"],
  ["loses", "WITH gone AS ( >DELETE FROM cases RETURNING * ) SELECT * FROM gone"],
  ["both", "ALTER TABLE cases >DROP COLUMN channel"],
  ["both", "ALTER TABLE IF EXISTS ONLY cases ADD COLUMN note text , >DROP IF EXISTS channel"],
  ["loses", "ALTER TABLE cases >ALTER COLUMN id TYPE int USING id :: int"],
  ["loses", "ALTER TABLE cases >ALTER id SET DATA TYPE int"],
  ["breaks", "ALTER TABLE cases >ALTER id SET NOT NULL"],
  ["breaks", "ALTER TABLE cases >ADD COLUMN id int NOT NULL"],
  ["breaks", "ALTER TABLE cases >RENAME TO tickets"],
  ["breaks", "ALTER TABLE cases >RENAME COLUMN a TO b"],
  ["breaks", "ALTER TABLE cases >SET SCHEMA old"],
  // The words that are looked for may be names, too.
  ["breaks", "ALTER TABLE rename >RENAME TO rename"],
  ["breaks", "ALTER TABLE rename . rename >RENAME rename TO rename"],
  ["breaks", "ALTER TABLE ONLY ( rename ) >RENAME COLUMN rename TO rename"],
  ["breaks", "ALTER TYPE rename >RENAME ATTRIBUTE rename TO rename CASCADE"],
  ["breaks", "ALTER TYPE rename >RENAME VALUE 'rename' TO 'rename'"],
  ["breaks", "ALTER FUNCTION rename ( interval hour TO second , rename ) >RENAME TO rename"],
  ["breaks", "ALTER SEQUENCE set . schema >SET SCHEMA schema"],
  ["breaks", "ALTER TABLE schema >SET SCHEMA set"],
  ["loses", "DELETE FROM delete . delete AS merge USING merge"],
  ["loses", "WITH merge AS ( >DELETE FROM delete RETURNING delete ) SELECT delete FROM merge"],
  ["loses", "MERGE INTO merge USING merge AS merged ON true WHEN MATCHED THEN DELETE"],
  ["both", "ALTER TABLE ONLY ( cases ) ADD COLUMN note text , >DROP COLUMN channel"],
];

/** Statements that are in many migrations and do no harm. */
const HARMLESS = [
  "SELECT 1",
  "CREATE INDEX a ON cases ( id )",
  "DROP INDEX a",
  "ALTER TABLE cases ADD COLUMN note text",
  "ALTER TABLE cases ADD COLUMN note text NOT NULL DEFAULT 'a'",
  "ALTER TABLE cases DROP CONSTRAINT a",
  "INSERT INTO cases VALUES ( 1 , 'a' )",
  "UPDATE cases SET id = $1 WHERE id = $2",
  'SELECT "a" FROM "b"',
];

/** Texts that would be a statement, a comment, or the end of what they stand in, if they were not inside of it. */
const LURES = [
  ...["DROP TABLE cases;", "; DELETE FROM cases;", "TRUNCATE cases", "ALTER TABLE cases DROP COLUMN a;", ";"],
  ...["'", '"', "\\", "$$", "$a$", "$", "--", "/*", "*/", "\n", "\r\n", "(", ")", "[", "BEGIN ATOMIC", "END", "CASE"],
  ...["E'", "U&'", "\\'", "''", "%I", "é", "\u{1f4a5}", "\n-- nestfleet: incompatible\n"],
];
const lure = fc
  .array(fc.oneof(fc.constantFrom(...LURES), fc.string({ unit: "grapheme", maxLength: 4 })), { maxLength: 6 })
  .map((pieces) => pieces.join("").replaceAll("\0", ""));

/** Functions that wrap any text in a literal or comment, which ends where it should. */
const WRAPPINGS: readonly (readonly [name: string, wrap: (text: string) => string])[] = [
  ["a literal", (text) => `'${text.replaceAll("'", "''")}'`],
  ["an escape string", (text) => `E'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`],
  ["an escape string with two quotes for one", (text) => `e'${text.replaceAll("\\", "\\\\").replaceAll("'", "''")}'`],
  ["a dollar quote", (text) => `$quote$${text.replaceAll("$", "€")}$quote$`],
  ["a dollar quote with dollars inside", (text) => `$wörd_1$${text}\n$wörd_1$`],
  ["a quoted name", (text) => `"a${text.replaceAll('"', '""')}"`],
];
const wrapping = fc.constantFrom(...WRAPPINGS.map(([, wrap]) => wrap));
const comment = fc.oneof(
  lure.map((text) => `--${text.replaceAll(/[\n\r]/g, " ")}\n`),
  fc.tuple(lure, lure).map(([outer, inner]) => `/*${unnested(outer)}/*${unnested(inner)}*/*/`),
);
const gap = fc.oneof({ weight: 3, arbitrary: fc.constantFrom(" ", "\n", "\t", "\r\n", " \n\n ") }, comment);

function unnested(text: string): string {
  return text.replaceAll(/[*/]/g, "·");
}

/** A part of a file: what it is, with what stands between its words, and what is found there, if anything. */
interface Part {
  readonly sql: string;
  readonly harm?: string;
  /** The part before the words whose line is reported. */
  readonly before?: number;
}

/** A statement in any layout and in upper or lower case. */
function written(harm: string | undefined, words: string, gaps: readonly string[], upper: readonly boolean[]): Part {
  let before = 0;
  const sql = words.split(" ").reduce((text, marked, index) => {
    const word = marked.replace(/^>/, "");
    const next = text + (index > 0 ? (gaps[index % gaps.length] ?? " ") : "");
    if (word !== marked) before = next.length;
    return next + (upper[index % upper.length] === true ? word : word.toLowerCase());
  }, "");
  return harm === undefined ? { sql } : { sql, harm, before };
}

const gaps = fc.array(gap, { minLength: 1, maxLength: 8 });
const cases = fc.array(fc.boolean(), { minLength: 1, maxLength: 8 });
const destructive = fc
  .tuple(fc.constantFrom(...DESTRUCTIVE), gaps, cases)
  .map(([[harm, words], between, upper]) => written(harm, words, between, upper));
const harmless = fc.oneof(
  fc.tuple(fc.constantFrom(...HARMLESS), gaps).map(([words, between]) => written(undefined, words, between, [true])),
  fc.tuple(wrapping, lure).map(([wrap, text]): Part => ({ sql: `SELECT ${wrap(text)}` })),
  fc
    .tuple(wrapping, lure, lure)
    .map(([wrap, text, other]): Part => ({ sql: `INSERT INTO a VALUES (1, ${wrap(text)}), (2, ${wrap(other)})` })),
  fc.constant<Part>({ sql: "" }),
);

/** The file of these statements behind a beginning, and what there is to find in it. */
function file(parts: readonly Part[], between: readonly string[], beginning = "") {
  const expected: string[] = [];
  let sql = beginning;
  for (const [index, part] of parts.entries()) {
    sql += between[index % between.length] ?? "";
    if (part.harm !== undefined)
      expected.push(`${lineAt(sql + part.sql, sql.length + (part.before ?? 0))} ${part.harm}`);
    sql += `${part.sql};`;
  }
  return { sql, expected };
}

function lineAt(text: string, position: number): number {
  return text.slice(0, position).split("\n").length;
}

describe("the destructive statements of a migration", () => {
  test("are found on their lines, whatever comments and literals are around and between their words", () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(destructive, harmless), { maxLength: 6 }), gaps, (parts, between) => {
        const { sql, expected } = file(parts, between);
        expect(found(sql)).toEqual(expected);
      }),
      { numRuns: 250 },
    );
  });

  test("are found in a block that runs at once, on the lines of the file", () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(destructive, harmless), { maxLength: 4 }), gaps, gap, (parts, between, space) => {
        // In a block a SELECT needs an INTO, and an empty statement is not allowed.
        const inside = parts.map((part) => ({
          ...part,
          sql: part.sql.replace(/^SELECT\b/, "PERFORM").replace(/^$/, "NULL"),
        }));
        const { sql, expected } = file(inside, between, `DO${space}$block_of_code$${space}BEGIN${space}`);
        expect(found(`${sql}${space}END${space}$block_of_code$;`)).toEqual(expected);
      }),
    );
  });

  test.each(WRAPPINGS)("are none inside of %s", (_, wrap) => {
    fc.assert(
      fc.property(lure, fc.boolean(), (text, isAlone) => {
        const sql = isAlone ? `SELECT ${wrap(text)}` : `SELECT ${wrap("a")}, ${wrap(text)}`;
        expect(found(sql)).toEqual([]);
        expect(found(`${sql}; DROP TABLE cases`)).toEqual([`${lineAt(sql, sql.length)} both`]);
      }),
    );
  });

  test("are not found inside of a comment", () => {
    fc.assert(
      fc.property(comment, (text) => {
        expect(found(text)).toEqual([]);
        expect(found(`${text} DROP TABLE cases`)).toEqual([`${lineAt(text, text.length)} both`]);
      }),
    );
  });

  test("are not found in the body of a function, which runs later or never", () => {
    const quoted = fc.constantFrom(...WRAPPINGS.filter(([name]) => !name.includes("name")).map(([, wrap]) => wrap));
    fc.assert(
      fc.property(lure, quoted, (text, wrap) => {
        expect(found(`CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS ${wrap(text)}`)).toEqual([]);
      }),
    );
  });
});

/** What may be a migration only by its name. */
const garbage = fc.oneof(
  fc.string({ unit: "binary" }),
  fc
    .array(fc.constantFrom(...LURES, ...DESTRUCTIVE.map(([, words]) => words), "DO", "EXECUTE", " ", "DO $$", "\0"))
    .map((pieces) => pieces.join(" ")),
  lure,
);

describe("a text that is not SQL", () => {
  test("is read all the same: a finding has one of its lines, and is shown on one line", () => {
    fc.assert(
      fc.property(garbage, (text) => {
        expect(isMarkedIncompatible(text)).toBeTypeOf("boolean");
        for (const { line, statement, losesData, breaksRunning } of destructiveStatements(text)) {
          expect(line).toBeGreaterThanOrEqual(1);
          expect(line).toBeLessThanOrEqual(text.split("\n").length);
          expect(statement).not.toMatch(/[\n\r]/);
          expect(statement.length).toBeLessThanOrEqual(100);
          expect(losesData || breaksRunning).toBe(true);
        }
      }),
      { numRuns: 300 },
    );
  });

  test("is read to its end, also if it repeats itself", () => {
    fc.assert(
      fc.property(garbage, fc.integer({ min: 100, max: 500 }), (text, times) => {
        const long = text.repeat(times);
        expect(Array.isArray(destructiveStatements(long))).toBe(true);
        expect(isMarkedIncompatible(long)).toBeTypeOf("boolean");
      }),
      { numRuns: 8 },
    );
  });
});

describe("the mark of the author", () => {
  const mark = fc
    .tuple(
      fc.constantFrom("", " ", "\t"),
      fc.mixedCase(fc.constant("nestfleet: incompatible")),
      fc.constantFrom("", " with 1.4"),
    )
    .map(([space, words, more]) => `--${space}${words}${more}\n`);
  const clean = fc.array(fc.oneof(destructive, harmless), { maxLength: 4 });

  test("is seen in a comment before, after and between statements", () => {
    fc.assert(
      fc.property(clean, gaps, fc.nat(4), mark, (parts, between, at, marked) => {
        const { sql } = file(parts.toSpliced(at, 0, { sql: `${marked}SELECT 1` }), between);
        expect(isMarkedIncompatible(sql)).toBe(true);
      }),
    );
  });

  test("is seen between the words of a statement", () => {
    fc.assert(
      fc.property(fc.constantFrom(...DESTRUCTIVE), gap, mark, ([harm, words], space, marked) => {
        expect(isMarkedIncompatible(written(harm, words, [space, marked], [true]).sql)).toBe(true);
      }),
    );
  });

  test.each(WRAPPINGS)("is none inside of %s", (_, wrap) => {
    fc.assert(
      fc.property(lure, mark, (text, marked) => {
        expect(isMarkedIncompatible(`SELECT ${wrap(`${text}\n${marked}`)}; -- no mark`)).toBe(false);
      }),
    );
  });
});
