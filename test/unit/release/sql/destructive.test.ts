import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { type Parser, postgresParser } from "../../../../components/release/sql/parser";
import { type Reading, readMigration } from "../../../../components/release/sql/reading";
import { HARMLESS, READINGS } from "../facts";

let parser: Parser;
beforeAll(async () => {
  parser = await postgresParser();
});

function read(sql: string): Reading {
  return readMigration(parser, sql);
}

/** `LINE loses|breaks|both STATEMENT`, which reads better in a table than objects. */
function found(sql: string): string[] {
  return read(sql).findings.map(({ line, statement, losesData, breaksRunning }) => {
    const harm = losesData && breaksRunning ? "both" : losesData ? "loses" : breaksRunning ? "breaks" : "nothing";
    return `${line} ${harm} ${statement}`;
  });
}

describe("destructive", () => {
  test.each([
    ["DROP TABLE cases", "1 both DROP TABLE cases"],
    ["drop table if exists public.cases cascade;", "1 both drop table if exists public.cases cascade"],
    ["DROP TABLE a, b", "1 both DROP TABLE a, b"],
    ["DROP SCHEMA old CASCADE", "1 both DROP SCHEMA old CASCADE"],
    ["DROP DATABASE x", "1 both DROP DATABASE x"],
    ["DROP TYPE mood", "1 both DROP TYPE mood"],
    ["DROP EXTENSION vector CASCADE", "1 both DROP EXTENSION vector CASCADE"],
    ["DROP FOREIGN TABLE remote", "1 breaks DROP FOREIGN TABLE remote"],
    ["DELETE FROM cases", "1 loses DELETE FROM cases"],
    ["delete\nfrom only cases where id = 1", "1 loses delete from only cases where id = 1"],
    ["TRUNCATE cases", "1 loses TRUNCATE cases"],
    ["TRUNCATE TABLE ONLY cases CASCADE", "1 loses TRUNCATE TABLE ONLY cases CASCADE"],
    ["ALTER TABLE cases DROP COLUMN channel", "1 both ALTER TABLE cases DROP COLUMN channel"],
    ["ALTER TABLE cases DROP channel", "1 both ALTER TABLE cases DROP channel"],
    ["ALTER TABLE cases DROP IF EXISTS channel", "1 both ALTER TABLE cases DROP IF EXISTS channel"],
    ['ALTER TABLE cases DROP "constraint"', '1 both ALTER TABLE cases DROP "constraint"'],
    ["ALTER TABLE IF EXISTS ONLY a.b DROP COLUMN c", "1 both ALTER TABLE IF EXISTS ONLY a.b DROP COLUMN c"],
    ["ALTER TABLE IF EXISTS a.b * DROP COLUMN c", "1 both ALTER TABLE IF EXISTS a.b DROP COLUMN c"],
    [
      "ALTER TABLE cases ALTER COLUMN a TYPE int USING a::int",
      "1 loses ALTER TABLE cases ALTER COLUMN a TYPE int USING a::int",
    ],
    ["ALTER TABLE cases ALTER a SET DATA TYPE int", "1 loses ALTER TABLE cases ALTER a SET DATA TYPE int"],
    ['ALTER TABLE cases ALTER "type" TYPE int', '1 loses ALTER TABLE cases ALTER "type" TYPE int'],
    ["ALTER TABLE cases RENAME TO tickets", "1 breaks ALTER TABLE cases RENAME TO tickets"],
    ["ALTER TABLE cases RENAME COLUMN a TO b", "1 breaks ALTER TABLE cases RENAME COLUMN a TO b"],
    ["ALTER TABLE cases RENAME a TO b", "1 breaks ALTER TABLE cases RENAME a TO b"],
    ["ALTER VIEW v RENAME TO w", "1 breaks ALTER VIEW v RENAME TO w"],
    ["ALTER MATERIALIZED VIEW v RENAME TO w", "1 breaks ALTER MATERIALIZED VIEW v RENAME TO w"],
    ["ALTER FUNCTION f(int, text) RENAME TO g", "1 breaks ALTER FUNCTION f(int, text) RENAME TO g"],
    ["ALTER TYPE mood RENAME VALUE 'a' TO 'b'", "1 breaks ALTER TYPE mood RENAME VALUE 'a' TO 'b'"],
    ["ALTER TYPE pair DROP ATTRIBUTE a", "1 both ALTER TYPE pair DROP ATTRIBUTE a"],
    ["ALTER TABLE cases SET SCHEMA old", "1 breaks ALTER TABLE cases SET SCHEMA old"],
    ["ALTER TABLE cases ALTER a SET NOT NULL", "1 breaks ALTER TABLE cases ALTER a SET NOT NULL"],
    ["ALTER TABLE cases ADD COLUMN a text NOT NULL", "1 breaks ALTER TABLE cases ADD COLUMN a text NOT NULL"],
    ["ALTER TABLE cases ADD a numeric(10, 2) NOT NULL", "1 breaks ALTER TABLE cases ADD a numeric(10, 2) NOT NULL"],
    [
      "ALTER TABLE cases ADD COLUMN IF NOT EXISTS a uuid PRIMARY KEY",
      "1 breaks ALTER TABLE cases ADD COLUMN IF NOT EXISTS a uuid PRIMARY KEY",
    ],
    [
      "WITH gone AS (\n  DELETE FROM cases RETURNING *\n) INSERT INTO old SELECT * FROM gone",
      "2 loses DELETE FROM cases RETURNING *",
    ],
    ["WITH x AS (SELECT 1) DELETE FROM cases", "1 loses DELETE FROM cases"],
    [
      "CREATE TABLE old AS WITH gone AS (DELETE FROM cases RETURNING *) TABLE gone",
      "1 loses DELETE FROM cases RETURNING *",
    ],
    ["EXPLAIN ANALYZE DELETE FROM cases", "1 loses DELETE FROM cases"],
    ["COPY (DELETE FROM cases RETURNING *) TO '/tmp/x'", "1 loses DELETE FROM cases RETURNING *"],
    ["PREPARE gone AS DELETE FROM cases", "1 loses DELETE FROM cases"],
    ["ALTER TABLE cases ADD CONSTRAINT c NOT NULL a", "1 breaks ALTER TABLE cases ADD CONSTRAINT c NOT NULL a"],
    ["DROP OWNED BY old", "1 both DROP OWNED BY old"],
    ["TRUNCATE a, cases", "1 loses TRUNCATE a, cases"],
    [
      "MERGE INTO a USING b ON a.id = b.id WHEN MATCHED THEN DELETE",
      "1 loses MERGE INTO a USING b ON a.id = b.id WHEN MATCHED THEN DELETE",
    ],
  ])("%s", (sql, finding) => {
    expect(found(sql)).toEqual([finding]);
  });
});

describe("not destructive", () => {
  test.each([
    [""],
    [";;\n;"],
    ["DROP INDEX cases_channel"],
    ["DROP INDEX CONCURRENTLY IF EXISTS a, b"],
    ["DROP VIEW recent"],
    ["DROP FUNCTION f(int)"],
    ["DROP TRIGGER t ON cases"],
    ["ALTER TABLE cases DROP CONSTRAINT c"],
    ["ALTER TABLE cases ALTER a DROP NOT NULL, ALTER b DROP DEFAULT, ALTER c DROP IDENTITY IF EXISTS"],
    ["ALTER TABLE cases RENAME CONSTRAINT a TO b"],
    ["ALTER INDEX a RENAME TO b"],
    ["ALTER TABLE cases ALTER CONSTRAINT c DEFERRABLE INITIALLY DEFERRED"],
    ["ALTER TABLE cases ADD COLUMN a text"],
    ["ALTER TABLE cases ADD COLUMN a text NOT NULL DEFAULT 'x'"],
    ["ALTER TABLE cases ADD COLUMN a text DEFAULT 'x' NOT NULL"],
    ["ALTER TABLE cases ADD COLUMN a bigserial NOT NULL"],
    ["ALTER TABLE cases ADD COLUMN a bigint NOT NULL GENERATED ALWAYS AS IDENTITY"],
    ["ALTER TABLE cases ADD COLUMN a text CHECK (a IS NOT NULL)"],
    ["ALTER TABLE cases ADD CONSTRAINT c CHECK (a IS NOT NULL) NOT VALID"],
    ["ALTER TABLE cases ADD PRIMARY KEY (id)"],
    ["ALTER TABLE cases ADD FOREIGN KEY (a) REFERENCES b ON DELETE CASCADE"],
    ["ALTER TABLE cases ALTER a SET DEFAULT 1, ALTER a SET NOT NULL"],
    ["ALTER TABLE cases ALTER a SET DEFAULT 1; UPDATE cases SET a = 1; ALTER TABLE Cases ALTER COLUMN A SET NOT NULL"],
    ["ALTER TYPE mood ADD VALUE 'calm'"],
    ["CREATE TABLE a (b uuid NOT NULL REFERENCES c ON DELETE CASCADE)"],
    ["CREATE TRIGGER t BEFORE DELETE ON cases EXECUTE FUNCTION f()"],
    ["CREATE RULE r AS ON DELETE TO cases DO INSTEAD (DELETE FROM a; DELETE FROM b)"],
    ["GRANT SELECT, DELETE, TRUNCATE ON cases TO nestfleet"],
    ["UPDATE cases SET note = 'DROP TABLE cases'"],
    ["INSERT INTO a VALUES (1) ON CONFLICT DO NOTHING"],
    ["SELECT a IS DISTINCT FROM b"],
  ])("%s", (sql) => {
    expect(found(sql)).toEqual([]);
  });
});

describe("what only looks like a statement", () => {
  test.each([
    ["-- DROP TABLE cases;"],
    ["/* DROP TABLE cases; */"],
    ["/* a /* nested */ DROP TABLE cases; */"],
    ["SELECT 'it''s; DROP TABLE cases;'"],
    [String.raw`SELECT E'it\'s; DROP TABLE cases;'`],
    [String.raw`SELECT e'\\', 'a; DROP TABLE cases; --'`],
    ["SELECT $$; DROP TABLE cases; $$"],
    ["SELECT $a$; $b$; DROP TABLE cases; $$ $a$"],
    ["SELECT U&'; DROP TABLE cases;'"],
    ['SELECT "; DROP TABLE cases; --" FROM a'],
    ['SELECT "a""; DROP TABLE cases; " FROM a'],
    ["CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$ BEGIN DELETE FROM cases; DROP TABLE cases; END $$"],
    ["CREATE OR REPLACE PROCEDURE p() LANGUAGE sql AS 'DELETE FROM cases; TRUNCATE cases;'"],
    [
      "CREATE FUNCTION f() RETURNS int LANGUAGE sql BEGIN ATOMIC DELETE FROM cases; SELECT CASE WHEN a THEN 1 END; TRUNCATE b; END",
    ],
    ["DO $$ BEGIN RAISE NOTICE 'DROP TABLE cases;'; END $$"],
    ["SELECT a$$ FROM b; /* $$"],
    ["SELECT 'never closed; DROP TABLE cases;"],
    ["/* never closed; DROP TABLE cases;"],
    ["SELECT $x$ never closed; DROP TABLE cases;"],
  ])("%s", (sql) => {
    expect(found(sql)).toEqual([]);
  });

  test.each([
    [String.raw`SELECT '\'; DROP TABLE a; --'`, "a backslash is a character of a plain literal"],
    ["SELECT 1 -- it's\n; DROP TABLE a", "an apostrophe in a comment opens nothing"],
    ["SELECT '/*'; DROP TABLE a", "a comment mark in a literal opens nothing"],
    ["SELECT $1; DROP TABLE a; SELECT $1", "a parameter is no dollar quote"],
    ["SELECT 'a' /* ' */; DROP TABLE a", "a quote in a comment opens nothing"],
    ["CREATE FUNCTION f() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT 1; END; DROP TABLE a", "a body that ends"],
    ["DROP/**/TABLE a", "a comment separates words"],
    ["\uFEFFDROP TABLE a", "a byte order mark"],
  ])("but %s: %s", (sql) => {
    expect(found(sql)).toHaveLength(1);
  });
});

describe("blocks run at once", () => {
  test("with the lines of the file, behind conditions, loops and handlers", () => {
    const sql = `-- first
DO $body$
DECLARE
  row record;
BEGIN
  IF EXISTS (SELECT 1) THEN
    DELETE FROM a;
  ELSE DROP TABLE b;
  END IF;
  FOR row IN SELECT CASE WHEN c THEN 1 ELSE 2 END FROM d LOOP
    ALTER TABLE e
      ALTER f TYPE int USING CASE WHEN f THEN 1 ELSE 0 END,
      DROP COLUMN g;
  END LOOP;
EXCEPTION WHEN others THEN TRUNCATE h;
END
$body$;
DROP TABLE i;`;
    expect(found(sql)).toEqual([
      "7 loses DELETE FROM a",
      "8 both DROP TABLE b",
      "12 loses ALTER TABLE e ALTER f TYPE int USING CASE WHEN f THEN 1 ELSE 0 END",
      "13 both ALTER TABLE e DROP COLUMN g",
      "15 loses TRUNCATE h",
      "18 both DROP TABLE i",
    ]);
  });

  test("also behind a CASE statement", () => {
    const sql = "DO $$ BEGIN CASE a WHEN 1 THEN DELETE FROM b; ELSE TRUNCATE c; END CASE; DROP TABLE d; END $$";
    expect(found(sql)).toEqual(["1 loses DELETE FROM b", "1 loses TRUNCATE c", "1 both DROP TABLE d"]);
  });

  test("also what they execute from a text", () => {
    const sql =
      "DO LANGUAGE 'plpgsql' $$ BEGIN\nEXECUTE format('ALTER TABLE %I DROP COLUMN a', t);\nEXECUTE 'DROP TABLE ' || t; END $$";
    expect(found(sql)).toEqual(["2 both ALTER TABLE %I DROP COLUMN a", "3 both DROP TABLE …"]);
  });

  test("whatever executes a text, and however it is put together", () => {
    const sql = `DO $$
DECLARE
  r cases%ROWTYPE;
  c refcursor;
BEGIN
  r.id := 1;
  FOR r IN EXECUTE 'DELETE FROM a RETURNING *' LOOP
    EXECUTE 'ALTER TABLE ' || quote_ident(t) || '
      ADD COLUMN b int,
      DROP COLUMN '
      || 'c' USING r.id;
  END LOOP;
  OPEN c FOR EXECUTE format(E'DROP TABLE %1$I.%s_old;\\n' || 'COMMENT ON TABLE x IS %L', s, t, d);
  EXECUTE 'ALTER SEQUENCE ' || s || ' RESTART WITH ' || n;
  EXECUTE $x$TRUNCATE "é"$x$::text;
  EXECUTE concat('DROP SCHEMA ', s, ' CASCADE');
  EXECUTE format('ALTER TYPE ' || t || ' RENAME VALUE %L TO %L', a, b);
  EXECUTE format('DO $x$ BEGIN DROP TABLE %I; END $x$', t);
  EXECUTE format('UPDATE a SET b = c %% 2 WHERE d LIKE ''%%x%%'' AND e < %s', n);
  WITH gone AS (
    DELETE FROM e RETURNING id
  ) SELECT count(*)
    INTO r FROM gone;
  DO 'BEGIN DROP TYPE f; END';
END $$`;
    expect(found(sql)).toEqual([
      "7 loses DELETE FROM a RETURNING *",
      "10 both ALTER TABLE … DROP COLUMN c",
      "13 both DROP TABLE %1$I.%s_old",
      '15 loses TRUNCATE "é"',
      "16 both DROP SCHEMA … CASCADE",
      "17 breaks ALTER TYPE … RENAME VALUE '%L' TO '%L'",
      "18 both DROP TABLE %I",
      "21 loses DELETE FROM e RETURNING id",
      "24 both DROP TYPE f",
    ]);
    expect(read(sql).unreadable).toBeUndefined();
  });

  test("a name that is not known is not that of a table that was made", () => {
    const sql = "DO $$ BEGIN EXECUTE format('CREATE TABLE %I ()', a); EXECUTE format('DROP TABLE %I', b); END $$";
    expect(found(sql)).toEqual(["1 both DROP TABLE %I"]);
  });

  test("a table that a block may have made is not the migration's own", () => {
    expect(found("DO $$ BEGIN IF a THEN CREATE TABLE b (); END IF; END $$; DROP TABLE b")).toHaveLength(1);
  });
});

describe("what the migration itself has made", () => {
  test("may be dropped, emptied, renamed and changed", () => {
    const sql = `CREATE TEMP TABLE t (a int); DELETE FROM t; TRUNCATE t; ALTER TABLE "t" ALTER a SET NOT NULL; DROP TABLE T;`;
    expect(found(sql)).toEqual([]);
    expect(found("CREATE TABLE t AS SELECT 1; SELECT 2 INTO u; DROP TABLE t, u")).toEqual([]);
    expect(
      found("CREATE TABLE t (); ALTER TABLE t RENAME TO u; MERGE INTO t USING b ON c WHEN MATCHED THEN DELETE"),
    ).toEqual([]);
  });

  test("but not before, not under another name, and not when it may have been there", () => {
    expect(found("DROP TABLE t; CREATE TABLE t ()")).toHaveLength(1);
    expect(found('CREATE TABLE t (); DROP TABLE "T"')).toHaveLength(1);
    expect(found("CREATE TABLE t (); DROP TABLE t, u")).toHaveLength(1);
    expect(found("CREATE TABLE t (); TRUNCATE t, u")).toHaveLength(1);
    expect(found("CREATE TABLE t (); DROP TABLE public.t")).toHaveLength(1);
    expect(found("CREATE TABLE IF NOT EXISTS t (); DELETE FROM t")).toHaveLength(1);
  });
});

test("several actions of one ALTER TABLE are found each, on its own line", () => {
  const sql =
    "ALTER TABLE cases\r\n  ADD COLUMN a int[] DEFAULT ARRAY[1, 2],\r\n  DROP COLUMN b, -- , DROP c\r\n  ALTER d SET NOT NULL,\r\n  ALTER e TYPE numeric(10, 2);";
  expect(found(sql)).toEqual([
    "3 both ALTER TABLE cases DROP COLUMN b",
    "4 breaks ALTER TABLE cases ALTER d SET NOT NULL",
    "5 loses ALTER TABLE cases ALTER e TYPE numeric(10, 2)",
  ]);
});

test.each([
  ["ALTER TABLE rename\nRENAME rename TO rename", 2],
  ["ALTER TABLE cases -- RENAME TO x\n/* RENAME */ -- SET SCHEMA\nRENAME -- RENAME\nTO tickets", 3],
  ["ALTER TABLE cases -- SET SCHEMA x\nSET -- SCHEMA\nSCHEMA old", 2],
  ["ALTER TYPE mood\nRENAME VALUE 'rename\nrename'\nTO 'b'", 2],
  ['ALTER TABLE "\nrename to\n"\nRENAME TO b', 4],
  ["DELETE -- DELETE\nFROM -- DELETE FROM cases\nONLY cases", 1],
  ["WITH a AS (SELECT 'delete'),\nb AS (DELETE /*\nDELETE */ FROM cases RETURNING *) SELECT * FROM b", 2],
  ["MERGE /*\nMERGE\n*/ INTO cases USING b ON c WHEN MATCHED THEN DELETE", 1],
  ["ALTER TABLE ONLY (\ncases\n)\nADD a int,\nDROP b", 5],
  ["DO $$ BEGIN\nDELETE -- DELETE\nFROM--; DELETE FROM cases;\nONLY cases; END $$", 2],
  ["DO $$ BEGIN\nEXECUTE /* 'DROP TABLE a' */\n'DROP TABLE a'; END $$", 3],
])("keywords are distinguished from names, comments and texts of the same spelling: %j", (sql, line) => {
  expect(read(sql).findings.map((finding) => finding.line)).toEqual([line]);
});

test("a long statement is shortened to one line of 100 characters", () => {
  const [finding] = read(`DELETE FROM cases WHERE note\n  = '${"x".repeat(200)}'`).findings;
  expect(finding?.statement).toMatch(/^DELETE FROM cases WHERE note = 'x+…$/);
  expect(finding?.statement).toHaveLength(100);
});

test("a literal of several megabytes is read", () => {
  expect(found(`INSERT INTO a VALUES ('${"x''".repeat(1_000_000)}'); DROP TABLE a`)).toHaveLength(1);
});

describe("what cannot be read", () => {
  test.each([
    ["SELECT 1;\n\\d cases", 2, 'syntax error at or near "\\"'],
    ["\\set ON_ERROR_STOP on\nSELECT 1", 1, 'syntax error at or near "\\"'],
    ["CREATE TABLE {{ table }} (id int)", 1, 'syntax error at or near "{"'],
    ["COPY a FROM stdin;\n1\ttwo\n\\.\n", 2, 'syntax error at or near "1"'],
    ["SELECT 1;\nALTER TABLE a FORGET COLUMN b", 2, 'syntax error at or near "FORGET"'],
    ["SELECT 'é😀';\n\nSELECT 'é😀' é é é é", 3, 'syntax error at or near "é"'],
    ["SELECT 1;\nSELECT 'never closed", 2, 'unterminated quoted string at or near "\'never closed"'],
    ["<<<<<<< HEAD\nSELECT 1", 1, 'syntax error at or near "<<<<<<<"'],
    ["SELECT 1;\nDROP TABLE a\0; SELECT 2", 2, "it has a NUL byte, as text in UTF-16 does"],
    ["\n\nDO $$ BEGIN DELETE FORM a; END $$", 3, 'syntax error at or near "FORM"'],
    ["SELECT 1;\nDO LANGUAGE plpython3u $$ plpy.execute('DROP TABLE a') $$", 2, "a block in plpython3u"],
    ["DO $$ BEGIN\nEXECUTE statement; END $$", 2, "it executes a text that it computes"],
    ["DO $$ BEGIN\nEXECUTE format('DROP %s %I',\n 'TABLE', t); END $$", 2, 'syntax error at or near "%s"'],
    [`SELECT ${"(".repeat(20_000)}1${")".repeat(20_000)}`, 1, 'memory exhausted at or near "("'],
  ])("%j", (sql, line, reason) => {
    expect(read(sql)).toMatchObject({ findings: [], unreadable: { line, reason } });
  });

  test("hides no other statement, nor the first that cannot be read", () => {
    const sql =
      "DROP TABLE a;\n\\echo b\n;TRUNCATE c;\nCREATE FUNCTION f() RETURNS int BEGIN ATOMIC DELETE FROM d; SELECT CASE WHEN e THEN 1 END; END;\n\\q\n;DROP TABLE f";
    expect(found(sql)).toEqual(["1 both DROP TABLE a", "3 loses TRUNCATE c", "6 both DROP TABLE f"]);
    expect(read(sql).unreadable?.line).toBe(2);
    expect(found("DROP TABLE a; SELECT 'never closed; DROP TABLE b;")).toEqual(["1 both DROP TABLE a"]);
  });

  test("still counts as marked", () => {
    expect(read("-- nestfleet: incompatible\n\\q").incompatible).toBe(true);
    expect(read("-- nestfleet: incompatible\nSELECT 'never closed").incompatible).toBe(true);
    expect(read(Buffer.from("-- nestfleet: incompatible", "utf16le").toString()).incompatible).toBe(true);
  });

  test("is reported in a text of a readable length", () => {
    expect(read(`SELECT '${"x".repeat(1_000_000)}`).unreadable?.reason).toHaveLength(100);
  });
});

test("bytes that are not UTF-8 are treated like other characters", () => {
  const sql = Buffer.from("-- caf\xe9\nDROP TABLE caf\xe9", "latin1").toString();
  expect(found(sql)).toEqual(["2 both DROP TABLE caf\ufffd"]);
  expect(found("-- \ud800\nDROP TABLE a")).toEqual(["2 both DROP TABLE a"]);
});

test("a file that holds many rows is read", () => {
  const rows = Array.from({ length: 20_000 }, (_, at) => `(${at}, 'x${at}', now())`).join(",\n");
  expect(found(`INSERT INTO a VALUES ${rows};\nDROP TABLE a`)).toEqual(["20001 both DROP TABLE a"]);
});

/** Noise that must never hide a statement, nor move it to another line than its own. */
const NOISE = [
  "-- ' \" $$ /*\n",
  "/* ; ' /* $$ */ \" -- */",
  "SELECT 'a;''b -- /*';\n",
  "SELECT $q$ ' ; $$ $q$;",
  'SELECT "a;"" \'";\n',
  "SELECT E'\\';';",
  "\r\n\t ",
  "SELECT $1;",
  "é;",
];

test("any mix of comments and literals around it leaves a statement where it is", () => {
  let seed = 1;
  const random = (below: number) => (seed = (seed * 48271) % 2147483647) % below;
  const noise = () => Array.from({ length: random(8) }, () => NOISE[random(NOISE.length)] ?? "").join("");
  for (let round = 0; round < 500; round++) {
    const before = `${noise()};`;
    const line = before.split("\n").length;
    expect(found(`${before}DROP TABLE cases;${noise()}`), before).toEqual([`${line} both DROP TABLE cases`]);
  }
});

describe("the mark of the author", () => {
  test.each([
    ["-- nestfleet: incompatible\nSELECT 1", true],
    ["SELECT 1; --NestFleet:incompatible with 1.4", true],
    ["DO $$ BEGIN\n-- nestfleet: incompatible\nEND $$", true],
    ["SELECT '-- nestfleet: incompatible'", false],
    ["-- nestfleet: incompatibles", false],
    ["-- not nestfleet: incompatible", false],
    ["SELECT 1", false],
  ])("%j: %s", (sql, marked) => {
    expect(read(sql).incompatible).toBe(marked);
  });
});

test("the migrations of the demo release", () => {
  const directory = join(__dirname, "../../../images/nestfleet/migrations");
  for (const file of readdirSync(directory))
    expect(read(readFileSync(join(directory, file), "utf8")), file).toEqual(READINGS[file] ?? HARMLESS);
});
