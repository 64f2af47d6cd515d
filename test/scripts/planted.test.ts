import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { BACKUPS_PATH, RESTORE_STATE } from "../../components/release/backup-id";
import { postgresHealthcheck } from "../../components/services/healthchecks";
import { Database, identifier } from "../../scripts/lib/database";
import { exchange } from "../../scripts/lib/exchange";
import { keptDatabases } from "../../scripts/lib/incoming";
import { Store } from "../../scripts/lib/store";
import { takeBackup } from "../../scripts/lib/backup";
import { docker, DOCKER_HOST, type Ended, launch, POSTGRES_IMAGE } from "./fixture";

const STACK = "planted-test";
const POSTGRES = `nestfleet-${STACK}-postgres`;
/** Of nobody's stack, and of another one whose name begins with ours. */
const VICTIM = "planted-test-victim";
const NEIGHBOUR = `nestfleet-${STACK}-two-api`;
const database = new Database(docker, POSTGRES);
const MINUTE = 60_000;

beforeAll(async () => {
  await remove();
  const labels = (stack: string, role: string) =>
    [`stack=${stack}`, `role=${role}`].flatMap((label) => ["--label", `org.nestfleet.${label}`]);
  const settings = ["POSTGRES_USER=nestfleet", "POSTGRES_DB=nestfleet", "POSTGRES_PASSWORD=secret"];
  const environment = settings.flatMap((entry) => ["--env", entry]);
  const server = [...labels(STACK, "postgres"), "--network=none", "--volume", BACKUPS_PATH, ...environment];
  await docker.run(["run", "--detach", "--name", POSTGRES, ...server, POSTGRES_IMAGE]);
  const idle = ["--network=none", "--entrypoint", "sleep", POSTGRES_IMAGE, "infinity"];
  await docker.run(["run", "--detach", "--init", "--name", VICTIM, ...idle]);
  await docker.run(["run", "--detach", "--init", "--name", NEIGHBOUR, ...labels(`${STACK}-two`, "api"), ...idle]);
  const listens = () => docker.run(["exec", POSTGRES, ...postgresHealthcheck.test.slice(1)]);
  await vi.waitFor(listens, { timeout: MINUTE, interval: 200 });
  await database.query("CREATE TABLE nestfleet_migrations (filename text); CREATE TABLE cases (title text)");
}, 2 * MINUTE);
afterAll(remove, MINUTE);

async function remove(): Promise<void> {
  for (const name of [POSTGRES, VICTIM, NEIGHBOUR])
    await docker.run(["rm", "--force", "--volumes", name]).catch(() => undefined);
}

describe("a note of a killed restore that somebody has put among the backups", () => {
  const kept = "nestfleet_replaced_20261124t080102z";
  const nobody = { api: "255.255.255.255", console: "255.255.255.255" };
  const note = {
    step: "opening",
    backup: null,
    from: "1.5.0",
    to: "1.4.2",
    incoming: "nestfleet_restoring",
    replaced: kept,
    before: nobody,
    after: nobody,
    standIns: [],
    images: {},
    started: "2026-11-24T08:01:02.000Z",
  };

  afterEach(async () => {
    await database.shell('rm -f "$1"', [RESTORE_STATE]);
  });

  test.each<[string, object, RegExp]>([
    ["removes a container of nobody's stack", { standIns: [VICTIM] }, /standIns\.0: no container of planted-test/],
    [
      "removes one of another stack",
      { after: { ...nobody, api: NEIGHBOUR } },
      new RegExp(`${NEIGHBOUR} is no container of ${STACK}`),
    ],
    ["runs a command of psql's", { incoming: "x;\n\\! id > /tmp/planted\nSELECT 1" }, /incoming: (?!.*planted)/],
    ["renames a database of somebody else's", { replaced: "postgres" }, /replaced: no name of a kept database/],
    ["asks a client for an option", { before: { ...nobody, console: "--format=x" } }, /before\.console: no container/],
    ["has a field too many", { then: "rm -rf /" }, /then/],
  ])("and that %s is not obeyed, and stays for a look", async (_, planted, why) => {
    const text = JSON.stringify({ ...note, ...planted });
    await database.shell('printf %s "$2" >"$1"', [RESTORE_STATE, text]);
    const { exitCode, stderr } = await recover();
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(why);
    expect(stderr).toMatch(
      /Nothing was touched[^]*docker .*exec nestfleet-planted-test-postgres rm \/backups\/restore\.json/,
    );
    expect(await database.shell('cat "$1"', [RESTORE_STATE])).toBe(text);
    for (const name of [VICTIM, NEIGHBOUR])
      expect(await docker.run(["inspect", "--format", "{{.State.Running}}", name])).toBe("true\n");
    expect(await database.shell("ls /tmp")).not.toContain("planted");
  });

  test("and once it is removed with the command that is named, the next run goes on", async () => {
    await database.shell('printf %s "$2" >"$1"', [RESTORE_STATE, JSON.stringify({ ...note, then: "rm -rf /" })]);
    const { stderr } = await recover();
    const [command = ""] = /docker \S* ?\S* ?exec nestfleet-planted-test-postgres rm \S+/.exec(stderr) ?? [];
    await launch("sh", ["-c", command]).ended;
    expect(await recover()).toMatchObject({ exitCode: 0 });
  });

  test("and that is a link is not followed", async () => {
    await database.shell('printf "%s" "$2" >/tmp/note; ln -s /tmp/note "$1"', [RESTORE_STATE, JSON.stringify(note)]);
    const { exitCode, stderr } = await recover();
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining("is not as a restore writes it") as string]);
  });

  function recover(): Promise<Ended> {
    const running = launch(process.execPath, ["scripts/run.mjs", "restore"]);
    const asked = { dockerHost: DOCKER_HOST, stack: STACK, action: "recover", partOfUpdate: true };
    running.child.stdin.end(JSON.stringify(asked));
    return running.ended;
  }
});

test("a database whose name is a command of psql's is none that an undo brings back", async () => {
  const comment = JSON.stringify({ version: "1.4.2", replacedAt: "2026-11-24T08:01:02Z", images: {} });
  for (const name of ["nestfleet_replaced_99\n\\! id > /tmp/named\n", 'nestfleet_replaced_x"; --']) {
    await docker.run(["exec", POSTGRES, "createdb", "-U", "nestfleet", name]);
    await database.query(`COMMENT ON DATABASE ${identifier(name)} IS '${comment}'`, "postgres");
    expect(await keptDatabases(database)).toEqual([]);
    await expect(exchange(database, name, "nestfleet_replaced_20261124t080102z", {})).rejects.toThrow(
      /no database of ours/,
    );
    expect(await database.query("SELECT count(*) FROM pg_database WHERE datname = 'nestfleet'", "postgres")).toEqual([
      "1",
    ]);
  }
  expect(await database.shell("ls /tmp")).not.toContain("named");
});

test("what makes psql run a command of the shell runs it as nobody", async () => {
  await database.query("\\! (id -u; ls /backups 2>&1; ls /var/lib/postgresql/data 2>&1 | tail -1) > /tmp/who");
  const said = await database.shell("stat -c %u /tmp/who; cat /tmp/who");
  expect(said).toMatch(/^65534\n65534\n[^]*Permission denied/);
});

test("files of others beside the backups are passed over, and none is followed", async () => {
  const request = { postgres: POSTGRES, version: "1.4.2", images: {}, keep: 7, acceptSmaller: false, readBack: true };
  const id = (await takeBackup(docker, request, new AbortController().signal))?.id;
  const other = "20261124T080102Z-1.4.2";
  await database.shell(
    `cd "$1"; echo x >./-n.json; echo x >"a
b.json"; mkfifo c.json; mkdir d.json; ln -s /etc/passwd "$2.json"
     printf '\\036%s 1\\n{}' "$3" >e.json; printf '\\036%s 1\\n{}' "$3" >"$3.json"; ln -s /nonexistent .partial-x.json`,
    [BACKUPS_PATH, other, "20261125T080102Z-1.4.2"],
  );
  const store = new Store(database);
  const contents = await store.list();
  expect(contents.backups.map((backup) => backup.id)).toEqual([id]);
  expect(contents.broken).toEqual([
    `${other}.json: it is a link, which is not followed`,
    "20261125T080102Z-1.4.2.json: it is no JSON",
  ]);
  expect(await store.sweep()).toEqual([".partial-x.json"]);
});
