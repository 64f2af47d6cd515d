import { RESTORING } from "../../components/release/names";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { BackupManifest } from "../../components/release/records/manifest";
import { createApplicationRole } from "../../components/host/database/application-role";
import { dropDatabase } from "../../components/host/database/scratch";
import { restoredElsewhere } from "../../components/operations/restore/elsewhere";
import { swapDatabases, swapBack, restoreComment } from "../../components/host/database/swap";
import { handOver } from "../../components/host/database/handover";
import { restoreBeside } from "../../components/operations/restore/restore-beside";
import { lostRows } from "../../components/operations/restore/lost-rows";
import { prove } from "../../components/operations/backup/prove";
import { Store } from "../../components/host/backups/store";
import { type Portrait, portrait } from "../support/portrait";
import { docker } from "./fixture";
import { Server } from "./server";

const MINUTE = 60_000;
const ZOO = readFileSync(join(__dirname, "../support/zoo.sql"), "utf8");
const server = new Server("zootest");
const { database } = server;
const { signal } = new AbortController();
let original: Portrait;
let manifest: BackupManifest;

async function newest(): Promise<BackupManifest> {
  const [found] = (await new Store(database).list()).backups.slice(-1);
  if (found === undefined) throw new Error("there is no backup");
  return found;
}

beforeAll(async () => {
  await server.start({ password: "pass-LEAKED", settings: ["wal_level=logical"] });
  await database.shell("mkdir -p /var/lib/postgresql/shelf; chown postgres: /var/lib/postgresql/shelf");
  await database.query(ZOO);
  await createApplicationRole(database);
  await handOver(database, "nestfleet");
  original = await portrait(database, "nestfleet");
}, 2 * MINUTE);
afterAll(() => server.remove(), MINUTE);

const count = async (sql: string) => Number((await database.query(sql, "postgres"))[0]);
const subscriptions = "SELECT count(*) FROM pg_subscription";
const REPLACED = "nestfleet_replaced_20261126t120000z";
const COMMENT = { version: "1.4.2", replacedAt: "2026-11-26T12:00:00Z", images: {} };

/** Records the output until the function that it gives is called, which returns it. */
function listen(): () => string {
  const said = vi.spyOn(process.stderr, "write");
  return () => {
    const text = said.mock.calls.join("");
    said.mockRestore();
    return text;
  };
}

/** Restores a backup as a rehearsal does, on a server that has none of its roles, tablespaces and settings. */
function rehearse(from: BackupManifest): Promise<Awaited<ReturnType<typeof portrait>>> {
  const { stack, postgres } = server;
  const elsewhere = { docker, stack, postgres, manifest: from, purpose: "rehearsal", signal } as const;
  return restoredElsewhere(elsewhere, (copy) => portrait(copy.database, "nestfleet"));
}

describe("a database with an object of every kind", { timeout: 3 * MINUTE }, () => {
  test("belongs to the application, whose role is not a superuser, except for what only a superuser may own", async () => {
    const owned = original.schema.filter((line) => line.endsWith(" OWNER TO nestfleet;"));
    expect(owned.filter((line) => !/^ALTER (?:EVENT TRIGGER|PUBLICATION|SUBSCRIPTION) /.test(line))).toEqual([
      "ALTER FUNCTION app.on_change() OWNER TO nestfleet;",
      "ALTER FUNCTION app.on_drop() OWNER TO nestfleet;",
    ]);
    expect(original.schema.filter((line) => line.endsWith(" OWNER TO nestfleet_app;")).length).toBeGreaterThan(20);
    const attributes = "rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolcanlogin";
    expect(await database.query(`SELECT ${attributes} FROM pg_roles WHERE rolname = 'nestfleet_app'`)).toEqual([
      "f|f|f|f|t",
    ]);
    const said = listen();
    await handOver(database, "nestfleet");
    expect(said()).toBe("");
    expect(await portrait(database, "nestfleet")).toEqual(original);
  });

  test("is backed up despite its limits, and no password is in the manifest", async () => {
    expect(await database.query("SHOW vacuum_cost_delay")).toEqual(["0"]);
    manifest = await server.backup(signal);
    const { definition } = manifest;
    const roles = ["app_owner", "auditor", "nestfleet", "nestfleet_app", "odd \"role's", "readers", "reports"];
    expect(definition?.roles.map(({ name }) => name)).toEqual(roles);
    expect(definition?.database.searchPath.slice(0, 3)).toEqual(["app", "public", "extensions"]);
    expect(JSON.stringify(manifest)).not.toMatch(/LEAKED|SCRAM/);
  });

  test("is the same in a rehearsal, except that its subscriptions are not active", async () => {
    const copy = await rehearse(manifest);
    expect(copy.contents).toEqual(original.contents);
    expect(copy.itself).toEqual(original.itself);
    const shelf = /SUBSCRIPTION inbound|^SET default_tablespace/;
    const rest = (lines: readonly string[]) => lines.filter((line) => !shelf.test(line));
    expect(rest(copy.schema)).toEqual(rest(original.schema));
    expect(await count(subscriptions)).toBe(1);
  });

  test("the next restore begins with the method that the last one needed", async () => {
    const { proven } = await newest();
    expect(proven).toMatchObject({ by: "rehearsal", way: "psql", megabytes: 94 });
    manifest = await server.backup(signal);
    expect(manifest.proven).toBeUndefined();
    const said = listen();
    await rehearse(manifest);
    expect(said()).not.toContain("the restore begins again");
  });

  test("is the same after a rollback, and again after its undo", async () => {
    await restoreBeside(database, manifest, signal);
    await swapDatabases(database, RESTORING, REPLACED, COMMENT);
    expect(await portrait(database, "nestfleet")).toEqual(original);
    expect(await lostRows(database, REPLACED, manifest.rows)).toEqual({});
    await swapBack(database, RESTORING, REPLACED);
    expect(await portrait(database, "nestfleet")).toEqual(original);

    await swapDatabases(database, RESTORING, REPLACED, COMMENT);
    const later = REPLACED.replace("120000", "130000");
    await swapDatabases(database, REPLACED, later, COMMENT);
    await restoreComment(database);
    expect(await portrait(database, "nestfleet")).toEqual(original);
    expect(await count(subscriptions)).toBe(2);
    await dropDatabase(database, later);
    expect(await count(subscriptions)).toBe(1);
  });

  test("a role that was dropped since is made again, without a password, and named", async () => {
    await database.query("DROP OWNED BY auditor; DROP ROLE auditor; ALTER ROLE reports RESET work_mem");
    const said = listen();
    await restoreBeside(database, manifest, signal);
    const told = said();
    expect(told).toContain("the server had no role auditor: made as the backup describes, without a password");
    expect(told).toContain(`the role reports had other settings when the backup was taken: ALTER ROLE "reports" SET`);
    expect(told).toMatch(/the subscription inbound is restored, and disabled/);
    expect(await portrait(database, RESTORING)).toEqual(original);
    await dropDatabase(database, RESTORING);
    await database.query("GRANT SELECT ON app.people TO auditor; ALTER ROLE reports SET work_mem = '8MB'");
    const [roles] = await database.query("SELECT rolcanlogin, rolpassword FROM pg_authid WHERE rolname = 'auditor'");
    expect(roles).toBe("t|");
  });

  test("a backup from before roles were written down takes them from the live database", async () => {
    const { definition, ...older } = manifest;
    expect(definition).toBeDefined();
    expect((await rehearse(older)).itself).toEqual(original.itself);
  });

  test("rows that no restore accepts are named, all of them, with the statements that list them", async () => {
    await database.query(
      `SET session_replication_role = replica;
       CREATE TABLE app.marks (note int CONSTRAINT marks_note REFERENCES app.notes);
       INSERT INTO app.notes (id, person, text) VALUES (9001, 999999, 'nobody''s');
       INSERT INTO app.marks VALUES (9999), (9998)`,
    );
    const broken = await server.backup(signal);
    const refusal = await rehearse(broken).then(
      () => "",
      (error: unknown) => (error as Error).message,
    );
    expect(refusal).toContain("rows of notes violate the foreign key notes_person_fkey");
    expect(refusal).toContain("rows of marks violate the foreign key marks_note");
    const statements = [...refusal.matchAll(/^ *\| (SELECT .*;)$/gm)].map(([, statement = ""]) => statement);
    const listed = await Promise.all(statements.map((statement) => database.query(statement)));
    expect(listed.map((rows) => rows.length).sort()).toEqual([1, 2]);
    const { disproven, proven } = await newest();
    expect(proven).toBeUndefined();
    expect(disproven?.reason).toContain("SELECT child.* FROM ONLY app.notes child WHERE");
    await database.query("DROP TABLE app.marks; DELETE FROM app.notes WHERE id = 9001");
  });

  test("is restored right after it was taken, and one that cannot be restored is reported", async () => {
    const good = await server.backup(signal);
    await prove(docker, server, good, signal);
    expect((await newest()).proven).toMatchObject({ by: "proof" });
    const sound = "ALTER TABLE app.people ADD CONSTRAINT adults CHECK (app.adult(id))";
    await database.query(
      `CREATE FUNCTION app.adult(n int) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT true'; ${sound};
       CREATE OR REPLACE FUNCTION app.adult(n int) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT n > 200'`,
    );
    const bad = await server.backup(signal);
    await expect(prove(docker, server, bad, signal)).rejects.toThrow(
      /was taken, and is not proven: .*rows of people violate the check adults; to list them:\n.*SELECT \* FROM ONLY app\.people WHERE NOT/,
    );
    expect((await newest()).disproven).toMatchObject({ by: "proof" });
  });
});
