import { createRequire } from "node:module";
import { describe, expect, test } from "vitest";
import type { MigrationFile } from "../../../components/release/facts";
import { withReadings } from "../../../components/host/readings";
import { backup, change, emptyHost, host, imageOf, container } from "../release/facts";

const files: MigrationFile[] = ["1", "2", "3"].map((file) => ({ file, sql: `DROP TABLE t${file}` }));
const applied = (...names: string[]) =>
  host("1.4.2", "1.5.0", {
    database: { applied: names },
    target: { migrations: files },
    facts: { servingMigrations: names },
  });

function isLoaded(): boolean {
  return Object.keys(createRequire(__filename).cache).some((file) => file.includes("libpg-query"));
}

async function read(facts: Parameters<typeof withReadings>[1], restore?: string): Promise<string[]> {
  const migrations = await withReadings(files, facts, restore);
  expect(migrations.map(({ file }) => file)).toEqual(["1", "2", "3"]);
  return migrations.flatMap(({ file, reading }) => (reading?.findings.length === 1 ? [file] : []));
}

describe("the migrations that are read", () => {
  test("are none if all are applied; PostgreSQL's parser is not loaded", async () => {
    expect(await withReadings([], emptyHost("1.4.2"), undefined)).toEqual([]);
    expect(await read(applied("1", "2", "3"))).toEqual([]);
    expect(isLoaded()).toBe(false);
  });

  test("are those that are pending", async () => {
    expect(await read(applied("1"))).toEqual(["2", "3"]);
    expect(isLoaded()).toBe(true);
  });

  test("are all of a first install", async () => {
    expect(await read(emptyHost("1.4.2"))).toEqual(["1", "2", "3"]);
  });

  test("are also those that only the database counts as applied", async () => {
    const facts = { ...applied("1", "2", "3"), servingMigrations: ["1"], history: [change({ migrations: ["3"] })] };
    expect(await read(facts)).toEqual(["2"]);
    const same = { ...facts, serving: container("api", "1.5.0", { imageId: imageOf("1.5.0") }) };
    expect(await read(same)).toEqual([]);
  });

  test("are also those that a restore makes pending", async () => {
    const named = backup("20261124T080000Z-1.4.2", { migrations: ["1", "2"] });
    const facts = { ...applied("1", "2", "3"), backups: [named] };
    expect(await read(facts, named.id)).toEqual(["3"]);
    expect(await read(facts, "20261124T090000Z-1.4.2")).toEqual([]);
  });
});
