import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { expectUp } from "../support/expectations";
import { FULL } from "../support/scale";
import { type Ran, run, TestStack } from "../support/stack";

/** The first stack is removed completely before the second begins, as if it were on another machine. */
const before = new TestStack("test-gone", 18322);
const after = new TestStack("test-new", 18324);
const CASES = 500;
/** A table whose rows are checked by functions that find each other by the database's search_path alone. */
const SCHEMA = `
  CREATE SCHEMA app;
  CREATE FUNCTION app.short(word text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$ SELECT length(word) < 9 $$;
  CREATE FUNCTION app.good(word text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN short(word); END $$;
  SET search_path = public, app;
  CREATE TABLE app.checked (word text CHECK (good(word)));
  INSERT INTO app.checked SELECT n::text FROM generate_series(1, ${CASES}) n;
  ALTER DATABASE nestfleet SET search_path = public, app`;

let away = "";
const secrets: Record<string, string> = {};

beforeAll(async () => {
  away = mkdtempSync(join(tmpdir(), "nestfleet-away-"));
  await before.create({ version: "1.4.2" });
  await expectUp(before);
  await before.sql(`INSERT INTO cases (title, priority) SELECT n::text, 'low' FROM generate_series(1, ${CASES}) n`);
  await before.sql(SCHEMA);
});
afterAll(async () => {
  await Promise.all([before.dispose(), after.dispose()]);
  rmSync(away, { recursive: true, force: true });
});

/** Runs a script, which finds the Docker host in the stack's configuration. */
function script(stack: TestStack, ...words: string[]): Promise<Ran> {
  return run("bash", ["scripts/backup.sh", "--stack", stack.name, ...words]);
}

async function readSecrets(): Promise<void> {
  const [api = ""] = (await before.containers())["api"] ?? [];
  const { Config } = (await before.docker.inspect(api)) as { Config: { Env: string[] } };
  const value = (name: string) =>
    Config.Env.find((entry) => entry.startsWith(`${name}=`))?.slice(name.length + 1) ?? "";
  secrets["jwtSecret"] = value("JWT_SECRET");
  secrets["secretEncryptionKey"] = value("SECRET_ENCRYPTION_KEY");
  secrets["postgresPassword"] = decodeURIComponent(new URL(value("DATABASE_URL")).password);
}

test("a backup, its copy and three secrets bring a stack back on a host that has nothing", async () => {
  await readSecrets();
  const taken = await script(before, "--prove");
  expect(taken.exitCode, taken.output).toBe(0);
  expect(taken.output).toMatch(/proof: \d{8}T\d{6}Z-1\.4\.2 can be restored, in [\d.]+ s: all \d+ rows of \d+ tables/);
  expect(taken.output).toContain("(nestfleet:dockerHost in Pulumi.test-gone.yaml)");
  const copied = await script(before, "--copy-to", away);
  expect(copied.exitCode, copied.output).toBe(0);
  const id = /\{"backup":"([^"]+)"/.exec(copied.output)?.[1] ?? "";
  await before.dispose({ keepFolder: true });

  await after.create({ version: "1.4.2" });
  await after.give(Object.fromEntries(Object.entries(secrets).map(([name, value]) => [`secrets.${name}`, value])));
  await expectUp(after);
  expect(await after.sql("SELECT count(*) FROM cases")).toBe("0");
  const strange = await script(after, "--copy-from", away, id);
  expect(strange.exitCode).not.toBe(0);
  expect(strange.output).toMatch(
    new RegExp(`is not signed by this stack[^]*Nothing was copied[^]*--copy-from ${away} ${id} --trust`),
  );
  const brought = await script(after, "--copy-from", away, id, "--trust");
  expect(brought.exitCode, brought.output).toBe(0);
  await after.configure({ restore: id, confirmRestore: "new-host" });
  await expectUp(after);
  expect(await after.sql("SELECT count(*) FROM cases")).toBe(String(CASES));
  expect(await after.answeringVersion()).toBe("1.4.2");
  expect(await after.sql("SELECT count(*) FROM app.checked")).toBe(String(CASES));
  expect(await after.preview()).toEqual([]);
});

test.runIf(FULL)("and an upgrade is rehearsed there", async () => {
  await after.configure({ version: "1.5.0" });
  await expectUp(after);
  expect(await after.answeringVersion()).toBe("1.5.0");
  expect(await after.sql("SELECT count(*) FROM app.checked")).toBe(String(CASES));
});
