import { LOADER, RESTORING } from "../../components/release/names";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { BackupManifest } from "../../components/release/records/manifest";
import { createApplicationRole } from "../../components/host/database/application-role";
import { dropDatabase } from "../../components/host/database/scratch";
import { Database, lines } from "../../components/host/database/database";
import { restoredElsewhere } from "../../components/operations/restore/elsewhere";
import { handOver } from "../../components/host/database/handover";
import { restoreBeside } from "../../components/operations/restore/restore-beside";
import { type Portrait, portrait } from "../support/portrait";
import { docker } from "./fixture";
import { Server } from "./server";

const MINUTE = 60_000;
const HOSTILE = readFileSync(join(__dirname, "../support/hostile.sql"), "utf8");
const server = new Server("hostiletest");
const { database } = server;
const { signal } = new AbortController();
let original: Portrait;
let manifest: BackupManifest;

beforeAll(async () => {
  await server.start();
  await database.query(HOSTILE);
  original = await portrait(database, "nestfleet");
  manifest = await server.backup(signal);
}, 2 * MINUTE);
afterAll(() => server.remove(), MINUTE);
/** Removes the files of attacks that ran while the superuser wrote or counted rows for a test, outside of a restore. */
async function forget(): Promise<void> {
  await database.shell("rm -f /tmp/pwned*");
}
beforeEach(forget);
afterEach(async () => {
  await dropDatabase(database, RESTORING);
});

/** The files that a shell has left. */
async function conquests(server: Database): Promise<string[]> {
  return lines(await server.shell("ls /tmp")).filter((file) => file.startsWith("pwned"));
}

/** The role as which the dump's code ran, after the kind of attack: `check: nestfleet_restore`. */
async function attacks(server: Database): Promise<string[]> {
  const log = await docker.logs(server.container, 5000);
  const found = [...log.matchAll(/attack by (.+) as (\S+) in (\S+)/g)];
  return [...new Set(found.map(([, how = "", as = "", session = ""]) => `${how}: ${as} in ${session}`))].sort();
}

const loaderIsThere = async () =>
  (await database.query(`SELECT true FROM pg_roles WHERE rolname = '${LOADER}'`)).length > 0;

describe("a dump with code of a role without privileges", { timeout: 3 * MINUTE }, () => {
  test("runs its code on a temporary server, but not as the superuser", async () => {
    const { stack, postgres } = server;
    const elsewhere = { docker, stack, postgres, manifest, purpose: "rehearsal", signal } as const;
    await restoredElsewhere(elsewhere, async ({ database: copy }) => {
      expect(await conquests(copy)).toEqual([]);
      const ran = await attacks(copy);
      expect(ran.filter((attack) => / as nestfleet in|: nestfleet in/.test(attack))).toEqual([]);
      const loading = ["cast", "check", "domain", "generated", "late check", "partition"];
      expect(ran).toEqual(expect.arrayContaining(loading.map((how) => `${how}: ${LOADER} in ${LOADER}`)));
      const { contents } = await portrait(copy, "nestfleet");
      expect(contents).toEqual(
        original.contents.map((line) => line.replace(/^(.*)\|nestfleet\|/, "$1|nestfleet_app|")),
      );
      expect(await copy.query(`SELECT count(*) FROM pg_roles WHERE rolname = '${LOADER}'`)).toEqual(["0"]);
    });
  });

  test("nor on the live server, and everything is restored as it was", async () => {
    await restoreBeside(database, manifest, signal);
    expect(await conquests(database)).toEqual([]);
    expect(await portrait(database, RESTORING)).toEqual(original);
    expect(await loaderIsThere()).toBe(false);
  });

  test("nor through psql", async () => {
    const proven = { at: "2026-11-24T12:00:00Z", by: "proof", way: "psql", seconds: 7, megabytes: 64 } as const;
    await restoreBeside(database, { ...manifest, proven }, signal);
    expect(await conquests(database)).toEqual([]);
    expect(await portrait(database, RESTORING)).toEqual(original);
    expect(await loaderIsThere()).toBe(false);
  });

  test("the role of a killed restore is removed, with its objects in all databases", async () => {
    await database.query(
      `CREATE ROLE ${LOADER} LOGIN PASSWORD 'x' IN ROLE eve;
       COMMENT ON ROLE ${LOADER} IS 'NestFleet: made for a restore, and dropped after it'; GRANT INSERT ON closed.journal TO ${LOADER};
       CREATE TABLE public.left_behind (); ALTER TABLE public.left_behind OWNER TO ${LOADER}`,
    );
    await restoreBeside(database, manifest, signal);
    expect(await loaderIsThere()).toBe(false);
    expect(await portrait(database, "nestfleet")).toEqual(original);
  });

  test("an operator's own role of that name keeps what it has; after a renaming, the same restore continues", async () => {
    await database.query(
      `CREATE ROLE ${LOADER}; CREATE TABLE public.of_operator (); ALTER TABLE public.of_operator OWNER TO ${LOADER}`,
    );
    const owned = `SELECT tableowner FROM pg_tables WHERE tablename = 'of_operator'`;
    try {
      await expect(restoreBeside(database, manifest, signal)).rejects.toThrow(
        `the server has a role ${LOADER} that no restore has made, and a restore makes one of that name; give yours another one: ALTER ROLE ${LOADER} RENAME TO former_restore`,
      );
      expect(await database.query(owned)).toEqual([LOADER]);
      await database.query(`ALTER ROLE ${LOADER} RENAME TO former_restore`);
      await restoreBeside(database, manifest, signal);
      expect(await database.query(owned)).toEqual(["former_restore"]);
    } finally {
      await database.query(
        `SELECT format('DROP OWNED BY %1$I; DROP ROLE %1$I', rolname) FROM pg_roles WHERE rolname IN ('${LOADER}', 'former_restore') \\gexec`,
      );
    }
    expect(await portrait(database, "nestfleet")).toEqual(original);
  });

  test("if the server does not let that role in, the message has the line that is missing", async () => {
    const allow = "local all nestfleet trust\nlocal all all reject\n";
    await database.shell('cp "$PGDATA/pg_hba.conf" /tmp/hba; printf %s "$1" >"$PGDATA/pg_hba.conf"', [allow]);
    await database.query("SELECT pg_reload_conf()");
    try {
      await expect(restoreBeside(database, manifest, signal)).rejects.toThrow(
        /does not let nestfleet_restore in .* Add to \S+pg_hba\.conf of hostiletest-postgres, .*: local all nestfleet_restore trust/,
      );
    } finally {
      await database.shell('cat /tmp/hba >"$PGDATA/pg_hba.conf"; rm /tmp/hba');
      await database.query("SELECT pg_reload_conf()");
    }
    expect(await loaderIsThere()).toBe(false);
  });

  test("a table whose owner cannot be told from the dump's list is not restored", async () => {
    await database.query(
      `CREATE SCHEMA "hostile b"; CREATE TABLE hostile."b c" (); CREATE TABLE "hostile b".c ();
       ALTER TABLE hostile."b c" OWNER TO eve; INSERT INTO hostile."b c" DEFAULT VALUES`,
    );
    await expect(restoreBeside(database, await server.backup(signal), signal)).rejects.toThrow(
      /the owner of TABLE DATA hostile b c \S+ is not certain, because tables of several owners have such a name/,
    );
    await database.query('DROP SCHEMA "hostile b" CASCADE; DROP TABLE hostile."b c"');
  });

  test("a table of an extension is restored, and the application owns its tables", async () => {
    const extension = `
      directory=$(pg_config --sharedir)/extension
      echo "default_version = '1'" >"$directory/settings.control"
      { echo "CREATE TABLE settings (name text CHECK (name <> ''));"
        echo "SELECT pg_extension_config_dump('settings', '');"; } >"$directory/settings--1.sql"`;
    await database.shell(extension);
    await database.query(
      `CREATE EXTENSION settings SCHEMA public; INSERT INTO public.settings VALUES ('mine');
       CREATE TABLE public.wishes (id serial PRIMARY KEY, i int CHECK (hostile.accept('app', i)));
       INSERT INTO public.wishes (i) VALUES (1), (2); GRANT USAGE ON SCHEMA hostile TO PUBLIC`,
    );
    await createApplicationRole(database);
    await handOver(database, "nestfleet");
    const before = await portrait(database, "nestfleet");
    const taken = await server.backup(signal);
    await forget();
    await restoreBeside(database, taken, signal);
    expect(await conquests(database)).toEqual([]);
    expect(await portrait(database, RESTORING)).toEqual(before);
    expect(await loaderIsThere()).toBe(false);
  });
});
