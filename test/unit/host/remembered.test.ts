import { mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { z } from "zod";
import { remembered } from "../../../components/host/remembered";

const schema = z.array(z.string());
let folder = "";
let reads = 0;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "nestfleet-remembered-"));
  reads = 0;
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

const read = (key: string, found: string[] | string = [key], where = folder) =>
  remembered([key], schema, () => Promise.resolve((reads++, found)), where);

test("a result is not read again under the same key", async () => {
  expect(await read("one")).toEqual(["one"]);
  expect(await read("one", ["other"])).toEqual(["one"]);
  expect(await read("two")).toEqual(["two"]);
  expect(reads).toBe(2);
});

test("a failure is not kept", async () => {
  expect(await read("one", "no space left on device")).toBe("no space left on device");
  expect(await read("one")).toEqual(["one"]);
});

test("a file with another content is replaced, and a read-only folder is not an error", async () => {
  await read("one");
  for (const file of readdirSync(folder)) writeFileSync(join(folder, file), '[{"half": ');
  expect(await read("one", ["anew"])).toEqual(["anew"]);
  expect(await read("one", ["other"])).toEqual(["anew"]);
  writeFileSync(join(folder, "file"), "");
  expect(await read("one", ["elsewhere"], join(folder, "file"))).toEqual(["elsewhere"]);
});

test("the newest files are kept", async () => {
  await read("oldest");
  for (const file of readdirSync(folder)) utimesSync(join(folder, file), 1, 1);
  for (let number = 0; number < 20; number++) await read(String(number));
  expect(readdirSync(folder)).toHaveLength(20);
  expect(await read("oldest", ["again"])).toEqual(["again"]);
});
