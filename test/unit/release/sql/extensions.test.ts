import { beforeAll, describe, expect, test } from "vitest";
import { type Parser, postgresParser } from "../../../../components/release/sql/parser";
import { readMigration } from "../../../../components/release/sql/reading";

let parser: Parser;
beforeAll(async () => {
  parser = await postgresParser();
});

const wantedExtensions = (sql: string) => readMigration(parser, sql).extensions;

const wanted = { schema: undefined, version: undefined, cascade: false };

describe("the extensions that a migration wants", () => {
  test.each([
    ["CREATE EXTENSION IF NOT EXISTS vector;", [{ ...wanted, name: "vector" }]],
    ['create extension if not exists "uuid-ossp"', [{ ...wanted, name: "uuid-ossp" }]],
    ["CREATE EXTENSION IF NOT EXISTS Vector WITH SCHEMA Ext", [{ ...wanted, name: "vector", schema: "ext" }]],
    [
      `CREATE EXTENSION IF NOT EXISTS postgis SCHEMA "My ""Schema" VERSION '3.4' CASCADE;`,
      [{ name: "postgis", schema: 'My "Schema', version: "3.4", cascade: true }],
    ],
    ["CREATE EXTENSION IF NOT EXISTS a; SELECT 1; CREATE EXTENSION IF NOT EXISTS b VERSION v2", ["a", "b"]],
    ["DO $$ BEGIN CREATE EXTENSION IF NOT EXISTS a; EXECUTE 'CREATE EXTENSION IF NOT EXISTS b'; END $$", ["a", "b"]],
  ])("%s", (sql, extensions) => {
    const found = wantedExtensions(sql);
    const names = found.map(({ name }) => name);
    expect(typeof extensions[0] === "string" ? names : found).toEqual(extensions);
  });

  test.each([
    "CREATE EXTENSION vector; -- it must not be there before",
    "-- CREATE EXTENSION IF NOT EXISTS vector;",
    "SELECT 'CREATE EXTENSION IF NOT EXISTS vector'",
    "CREATE FUNCTION f() RETURNS void LANGUAGE sql AS 'CREATE EXTENSION IF NOT EXISTS vector'",
    "DROP EXTENSION IF EXISTS vector",
    "CREATE EXTENSION IF NOT EXISTS a.b",
  ])("none: %s", (sql) => {
    expect(wantedExtensions(sql)).toEqual([]);
  });
});
