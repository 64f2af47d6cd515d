import { spawn } from "node:child_process";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { inspectDatabase } from "../../components/host/database/inspect";
import { roleOfPassword } from "../../components/host/database/password";
import { createApplicationRole, retireSuperuser } from "../../components/host/database/application-role";
import { handOver } from "../../components/host/database/handover";
import { docker, DOCKER_HOST } from "./fixture";
import { Server } from "./server";

/**
 * The server of an older program, on which the application was the superuser. The role is made and gets its objects.
 */
const MINUTE = 60_000;
const STACK = "roletest";
const NETWORK = `${STACK}-net`;
const PASSWORD = "pass word'LEAKED\\1";
const ROOT = join(__dirname, "../..");

const server = new Server(STACK);
const { database, postgres: POSTGRES } = server;
let said = "";

beforeAll(async () => {
  await remove();
  await docker.run(["network", "create", NETWORK]);
  await server.start({ password: PASSWORD, network: NETWORK, settings: ["log_statement=all"] });
}, 2 * MINUTE);
afterAll(remove, MINUTE);

beforeEach(() => {
  said = "";
  vi.spyOn(process.stderr, "write").mockImplementation((text) => {
    said += text.toString();
    return true;
  });
});

/** Restores the beginning: a new database, and no role except the superuser. */
afterEach(async () => {
  vi.restoreAllMocks();
  await database.query("DROP DATABASE nestfleet WITH (FORCE)", "postgres");
  await database.query(
    `SELECT format('DROP OWNED BY %1$I; DROP ROLE %1$I', rolname) FROM pg_roles WHERE rolname !~ '^pg_' AND rolname <> 'nestfleet' \\gexec
     CREATE DATABASE nestfleet; ALTER ROLE nestfleet RESET ALL; GRANT CONNECT ON DATABASE postgres, template1 TO PUBLIC`,
    "postgres",
  );
});

async function remove(): Promise<void> {
  await server.remove();
  await docker.run(["network", "rm", NETWORK]).catch(() => undefined);
}

async function moveOver(patienceMs?: number): Promise<void> {
  await createApplicationRole(database);
  await handOver(database, "nestfleet", patienceMs);
}

/** Runs a statement as the application, over the network. Gives the answer, or the server's refusal. */
async function asApplication(sql: string): Promise<string> {
  const url = `postgres://nestfleet_app:${encodeURIComponent(PASSWORD)}@${POSTGRES}:5432/nestfleet`;
  const connect = 'IFS= read -r url; exec psql --no-psqlrc -qAt "$url" -c "$1"';
  return docker.run(["exec", "-i", POSTGRES, "sh", "-c", connect, "-", sql], `${url}\n`).then(
    (answer) => answer.trim(),
    (error: unknown) => (error as { stderr: string }).stderr.trim(),
  );
}

function script(release: object): Promise<{ exitCode: number | null; output: string }> {
  const request = { dockerHost: DOCKER_HOST, stack: STACK, postgres: POSTGRES };
  const child = spawn(process.execPath, ["scripts/run.mjs", "application-role"], { cwd: ROOT });
  child.stdin.end(JSON.stringify({ ...request, extensions: [], release }));
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (data: Buffer) => (output += data.toString()));
  return new Promise((resolve) => {
    child.on("close", (exitCode) => {
      resolve({ exitCode, output });
    });
  });
}

test("works where the superuser did: with the same search_path, settings and default privileges, and despite forced policies", async () => {
  await database.query(`
    CREATE ROLE readers; ALTER ROLE nestfleet SET statement_timeout = '20s'; GRANT pg_monitor TO nestfleet;
    CREATE SCHEMA app; CREATE SCHEMA nestfleet; ALTER ROLE nestfleet IN DATABASE nestfleet SET search_path = app, public;
    ALTER DEFAULT PRIVILEGES IN SCHEMA app GRANT SELECT ON TABLES TO readers;
    ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
    CREATE TABLE app.nestfleet_migrations (filename text); INSERT INTO app.nestfleet_migrations VALUES ('0001_a.sql');
    CREATE TABLE app."Odd ""Table's" (id int GENERATED ALWAYS AS IDENTITY, tenant text);
    ALTER TABLE app."Odd ""Table's" ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
    INSERT INTO app."Odd ""Table's" (tenant) VALUES ('one')`);
  await moveOver();
  expect(said).toContain("nestfleet_app bypasses row security, as nestfleet did");
  expect(await asApplication("SHOW search_path")).toBe("app, public");
  expect(await asApplication("SHOW statement_timeout")).toBe("20s");
  expect(await asApplication("SELECT filename FROM nestfleet_migrations")).toBe("0001_a.sql");
  expect(await asApplication(`SELECT tenant FROM "Odd ""Table's"`)).toBe("one");
  expect(await asApplication("SELECT pg_has_role('pg_monitor', 'MEMBER')")).toBe("t");
  expect(await asApplication("CREATE TABLE later (); SELECT has_table_privilege('readers', 'later', 'SELECT')")).toBe(
    "t",
  );
  const execute =
    "CREATE FUNCTION own() RETURNS int LANGUAGE sql AS 'SELECT 1'; SELECT has_function_privilege('readers', 'own()', 'EXECUTE')";
  expect(await asApplication(execute)).toBe("f");
  const { applied, application, ofSuperuser } = await inspectDatabase(docker, POSTGRES);
  expect({ applied, application, ofSuperuser }).toEqual({
    applied: ["0001_a.sql"],
    application: { superuser: false, ours: true },
    ofSuperuser: 0,
  });
});

test("looks for its tables in the schema that has the superuser's name, as the superuser did", async () => {
  await database.query(
    "CREATE SCHEMA nestfleet; CREATE TABLE nestfleet.cases (title text); INSERT INTO nestfleet.cases VALUES ('a')",
  );
  await moveOver();
  expect(await asApplication("SELECT title FROM cases")).toBe("a");
});

test("gets the privileges of another role that owns its tables, but not the attributes of that role; the update says so", async () => {
  await database.query(`
    CREATE ROLE former; CREATE ROLE mighty CREATEROLE; CREATE ROLE reports; CREATE ROLE other SUPERUSER;
    CREATE SCHEMA app AUTHORIZATION former; CREATE SCHEMA bi AUTHORIZATION reports;
    ALTER ROLE nestfleet SET search_path = app, public;
    CREATE TABLE app.of_former (n int); ALTER TABLE app.of_former OWNER TO former; CREATE TABLE app.of_ours (n int);
    CREATE TABLE public.of_mighty (n int); ALTER TABLE public.of_mighty OWNER TO mighty;
    CREATE TABLE public.of_other (n int); ALTER TABLE public.of_other OWNER TO other;
    CREATE TABLE bi.t (n int); ALTER TABLE bi.t OWNER TO reports`);
  await moveOver();
  expect(said).toContain("nestfleet_app is a member of former now");
  expect(said).toContain("nestfleet_app has all rights on public.of_mighty now");
  expect(said).toContain("bi.t of nestfleet is not the application's");
  for (const table of ["app.of_former", "app.of_ours", "of_mighty", "of_other"])
    expect(await asApplication(`INSERT INTO ${table} VALUES (1); SELECT count(*) FROM ${table}`), table).toBe("1");
  expect(await asApplication("SELECT * FROM bi.t")).toContain("permission denied");
  expect(await asApplication("SELECT pg_has_role('mighty', 'MEMBER')")).toBe("f");

  // From now on the application sets its own search_path, which does not give it objects of other roles.
  await database.query(
    "CREATE TABLE public.later (n int); CREATE SCHEMA audit; CREATE TABLE audit.log (n int); ALTER TABLE audit.log OWNER TO other",
  );
  await asApplication("ALTER ROLE nestfleet_app SET search_path = app, public, bi, audit");
  said = "";
  await handOver(database, "nestfleet");
  expect(said).toMatch(/^2 objects in nestfleet belong to nestfleet_app now\n$/);
  expect(await asApplication("SELECT pg_has_role('reports', 'MEMBER')")).toBe("f");
});

test("a table that is in use all the time is named, with the sessions that use it; after the fix it continues", async () => {
  await database.query("CREATE TABLE busy (n int); CREATE TABLE idle (n int)".replaceAll("TABLE ", "TABLE public."));
  const reader = database.converse("a-long-report", "nestfleet", {});
  reader.write("BEGIN; SELECT * FROM public.busy;\n");
  try {
    const locks = "SELECT count(*) FROM pg_locks WHERE relation = 'public.busy'::regclass";
    await vi.waitFor(
      async () => {
        expect(await database.query(locks)).toEqual(["1"]);
      },
      { timeout: 10_000 },
    );
    await expect(moveOver(0)).rejects.toThrow(
      /not everything in nestfleet could be given to nestfleet_app: .*lock timeout.*; public\.busy is in use by session \d+ \("a-long-report".*pg_terminate_backend/s,
    );
  } finally {
    reader.close();
    await reader.ended;
  }
  await moveOver();
  expect(await asApplication("INSERT INTO busy VALUES (1); INSERT INTO idle VALUES (1)")).toBe("");
});

test("logs in with a password of any characters, which is in no log; the superuser's password is removed", async () => {
  await moveOver();
  expect(await roleOfPassword(docker, POSTGRES, PASSWORD)).toBe("nestfleet_app");
  await retireSuperuser(database);
  expect(await database.query("SELECT rolname FROM pg_authid WHERE rolpassword IS NULL AND rolname !~ '^pg_'")).toEqual(
    ["nestfleet"],
  );
  expect((await docker.run(["logs", POSTGRES])) + said).not.toContain("LEAKED");
});

test("if the server does not let it in over the network, the message comes before anything stops, with the missing line", async () => {
  const [file = ""] = await database.query("SHOW hba_file");
  const only = "s/^host all all all scram-sha-256$/host nestfleet nestfleet all scram-sha-256/";
  await docker.run(["exec", POSTGRES, "sed", "-i", only, file]);
  await database.query("SELECT pg_reload_conf()");
  try {
    const { exitCode, output } = await script({ from: "1.4.2", to: "1.5.0" });
    expect(exitCode).toBe(1);
    expect(output).toContain("The role of the application is not ready: the database does not let nestfleet_app in");
    expect(output).toContain("host nestfleet nestfleet_app all scram-sha-256");
    expect(output).toMatch(/Next: .*\n?$/);
  } finally {
    const all = "s/^host nestfleet nestfleet all scram-sha-256$/host all all all scram-sha-256/";
    await docker.run(["exec", POSTGRES, "sed", "-i", all, file]);
    await database.query("SELECT pg_reload_conf()");
  }
  const { exitCode, output } = await script({ from: "1.4.2", to: "1.5.0" });
  expect(exitCode, output).toBe(0);
});

test("runs no code of the application when the program reads its database, whatever names its objects have", async () => {
  await moveOver();
  const evil =
    "RETURNS bool LANGUAGE plpgsql AS $$ BEGIN COPY (SELECT 1) TO PROGRAM 'touch /tmp/pwned'; RETURN true; EXCEPTION WHEN OTHERS THEN RETURN true; END $$";
  await asApplication(`
    CREATE FUNCTION evil() ${evil}; CREATE SCHEMA evil; CREATE FUNCTION evil.eq(name, text) ${evil};
    CREATE OPERATOR evil.= (leftarg = name, rightarg = text, function = evil.eq);
    CREATE VIEW nestfleet_migrations AS SELECT evil()::text AS filename; CREATE VIEW cases AS SELECT evil()`);
  await asApplication("ALTER DATABASE nestfleet SET search_path = evil, public, pg_catalog");
  const { applied } = await inspectDatabase(docker, POSTGRES);
  expect(applied).toEqual([]);
  await handOver(database, "nestfleet");
  await expect(database.query("SELECT * FROM public.cases")).rejects.toThrow(/access to non-system view/);
  expect(await database.shell("ls /tmp")).not.toContain("pwned");
});
