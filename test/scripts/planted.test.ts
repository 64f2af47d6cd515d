import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import {
  BACKUPS_PATH,
  compareBackupIds,
  formatBackupId,
  RESTORE_STATE,
} from "../../components/release/records/backup-id";
import { signed } from "../../components/release/records/signature";
import { postgresHealthcheck } from "../../components/host/docker/healthchecks";
import { Database, identifier } from "../../components/host/database/database";
import { swapDatabases } from "../../components/host/database/swap";
import { undoTargets } from "../../components/operations/restore/replaced-databases";
import { Store } from "../../components/host/backups/store";
import { takeBackup } from "../../components/operations/backup/backup";
import { docker, DOCKER_HOST, type Ended, launch, POSTGRES_IMAGE } from "./fixture";

const STACK = "planted-test";
const POSTGRES = `nestfleet-${STACK}-postgres`;
/** A container without a stack, and one of another stack whose name begins with the name of this one. */
const VICTIM = "planted-test-victim";
const NEIGHBOUR = `nestfleet-${STACK}-two-api`;
const database = new Database(docker, POSTGRES);
/** A text that the tests look for in all output, where it must not appear. */
const KEY = "LEAKED1".padEnd(64, "x");
const MINUTE = 60_000;

beforeAll(async () => {
  await remove();
  const labels = (stack: string, role: string) =>
    [`stack=${stack}`, `role=${role}`].flatMap((label) => ["--label", `org.nestfleet.${label}`]);
  const own = `NESTFLEET_BACKUP_KEY=${KEY}`;
  const settings = ["POSTGRES_USER=nestfleet", "POSTGRES_DB=nestfleet", "POSTGRES_PASSWORD=secret", own];
  const environment = settings.flatMap((entry) => ["--env", entry]);
  const server = [...labels(STACK, "postgres"), "--network=none", "--volume", BACKUPS_PATH, ...environment];
  await docker.run(["run", "--detach", "--name", POSTGRES, ...server, POSTGRES_IMAGE]);
  const idle = ["--network=none", "--entrypoint", "sleep", POSTGRES_IMAGE, "infinity"];
  await docker.run(["run", "--detach", "--init", "--name", VICTIM, ...idle]);
  await docker.run(["run", "--detach", "--init", "--name", NEIGHBOUR, ...labels(`${STACK}-two`, "api"), ...idle]);
  const listens = () => docker.run(["exec", POSTGRES, ...postgresHealthcheck.test.slice(1)]);
  await vi.waitFor(listens, { timeout: MINUTE, interval: 200 });
  await database.query(
    "SET search_path = public; CREATE TABLE nestfleet_migrations (filename text); CREATE TABLE cases (title text)",
  );
}, 2 * MINUTE);
afterAll(remove, MINUTE);

async function remove(): Promise<void> {
  for (const name of [POSTGRES, VICTIM, NEIGHBOUR])
    await docker.run(["rm", "--force", "--volumes", name]).catch(() => undefined);
}

describe("a planted note of a killed restore among the backups", () => {
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
    ["removes a container without a stack", { standIns: [VICTIM] }, /standIns\.0: not a container of planted-test/],
    [
      "removes one of another stack",
      { after: { ...nobody, api: NEIGHBOUR } },
      new RegExp(`${NEIGHBOUR} is not a container of ${STACK}`),
    ],
    ["runs a command of psql's", { incoming: "x;\n\\! id > /tmp/planted\nSELECT 1" }, /incoming: (?!.*planted)/],
    [
      "renames a database of another program",
      { replaced: "postgres" },
      /replaced: not the name of a previous database/,
    ],
    [
      "asks a client for an option",
      { before: { ...nobody, console: "--format=x" } },
      /before\.console: not a container/,
    ],
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

  test("and once it is removed with the printed command, the next run continues", async () => {
    await database.shell('printf %s "$2" >"$1"', [RESTORE_STATE, JSON.stringify({ ...note, then: "rm -rf /" })]);
    const { stderr } = await recover();
    const [command = ""] = /docker \S* ?\S* ?exec nestfleet-planted-test-postgres rm \S+/.exec(stderr) ?? [];
    await launch("sh", ["-c", command]).ended;
    expect(await recover()).toMatchObject({ exitCode: 0 });
  });

  test("is not followed if it is a link", async () => {
    await database.shell('printf "%s" "$2" >/tmp/note; ln -s /tmp/note "$1"', [RESTORE_STATE, JSON.stringify(note)]);
    const { exitCode, stderr } = await recover();
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining("but no restore writes it in this form") as string]);
  });

  function recover(): Promise<Ended> {
    const running = launch(process.execPath, ["scripts/run.mjs", "restore"]);
    const asked = { dockerHost: DOCKER_HOST, stack: STACK, action: "recover" };
    running.child.stdin.end(JSON.stringify(asked));
    return running.ended;
  }
});

test("an undo does not bring back a database whose name is a command of psql", async () => {
  const comment = JSON.stringify({ version: "1.4.2", replacedAt: "2026-11-24T08:01:02Z", images: {} });
  for (const name of ["nestfleet_replaced_99\n\\! id > /tmp/named\n", 'nestfleet_replaced_x"; --']) {
    await docker.run(["exec", POSTGRES, "createdb", "-U", "nestfleet", name]);
    await database.query(`COMMENT ON DATABASE ${identifier(name)} IS '${comment}'`, "postgres");
    expect(await undoTargets(database)).toEqual([]);
    await expect(swapDatabases(database, name, "nestfleet_replaced_20261124t080102z", {})).rejects.toThrow(
      /is not a database of this program/,
    );
    expect(await database.query("SELECT count(*) FROM pg_database WHERE datname = 'nestfleet'", "postgres")).toEqual([
      "1",
    ]);
  }
  expect(await database.shell("ls /tmp")).not.toContain("named");
});

test("a shell command that psql is made to run runs as the user nobody", async () => {
  await database.query("\\! (id -u; ls /backups 2>&1; ls /var/lib/postgresql/data 2>&1 | tail -1) > /tmp/who");
  const said = await database.shell("stat -c %u /tmp/who; cat /tmp/who");
  expect(said).toMatch(/^65534\n65534\n[^]*Permission denied/);
});

/** Takes a backup and gives its id. This many backups are kept. */
async function backup(keep = 7): Promise<string> {
  const request = { postgres: POSTGRES, version: "1.4.2", images: {}, keep, acceptSmaller: false, readBack: true };
  return (await takeBackup(docker, request, new AbortController().signal))?.id ?? "";
}

/** Runs a script, by hand or as the program does. */
async function script(name: string, words: readonly string[], input?: object): Promise<Ended> {
  const args = input === undefined ? [`scripts/${name}.sh`, ...words] : ["scripts/run.mjs", name];
  const running = launch(input === undefined ? "bash" : process.execPath, args);
  running.child.stdin.end(input === undefined ? "" : JSON.stringify(input));
  const ended = await running.ended;
  expect(ended.stdout + ended.stderr).not.toContain("LEAKED");
  return ended;
}

describe("a planted backup", () => {
  const place = ["--stack", STACK, "--docker-host", DOCKER_HOST];
  const store = () => new Store(database);
  const ids = async () => (await store().list()).backups.map(({ id }) => id);
  const read = async (id: string) => JSON.parse(await store().manifestText(id)) as Record<string, unknown>;
  let real = "";
  /** An id that is an hour later than all others. */
  const planted = formatBackupId({ seconds: Math.floor(Date.now() / 1000) + 3600, version: "1.4.2" });

  /** Plants the dump of a real backup with a forged manifest. */
  async function plant(change: (manifest: Record<string, unknown>) => object): Promise<void> {
    const manifest = change({ ...(await read(real)), id: planted });
    await database.shell(
      'cd /backups; cp "$1.dump" "$2.dump"; cat >"$2.json"',
      [real, planted],
      JSON.stringify(manifest),
    );
  }
  const withoutSignature = ({ signature, ...manifest }: Record<string, unknown>) => {
    expect(signature).toMatch(/^[0-9a-f]{64}$/);
    return manifest;
  };

  beforeAll(async () => {
    real = await backup();
  });
  afterEach(async () => {
    await database.shell('cd /backups; rm -f "$1.dump" "$1.json"', [planted]);
  });

  test.each<[string, (manifest: Record<string, unknown>) => object]>([
    ["with the signature of a real one", (manifest) => manifest],
    ["without a signature", withoutSignature],
    ["signed with another key", (manifest) => signed(manifest, "another")],
  ])("%s is reported, and does not count as a backup, also by its id", async (_, change) => {
    await plant(change);
    const { backups, broken, newest, unsigned } = await store().list();
    expect([backups.map(({ id }) => id), newest, unsigned]).toEqual([[real], real, [planted]]);
    expect(broken).toEqual([
      expect.stringMatching(new RegExp(`^${planted}\\.json: it is not signed by this stack: .* --trust ${planted} `)),
    ]);
    const listed = await script("restore", [...place, "--list"]);
    expect(listed.stdout).toMatch(new RegExp(`^unusable\\t${planted}\\.json`, "m"));
    const asked = { stack: STACK, postgres: POSTGRES, image: "none", migrateCommand: ["true"], mode: "restore" };
    const rehearsed = await script("rehearse", [], { dockerHost: DOCKER_HOST, ...asked, backup: planted });
    expect(rehearsed.stderr).toContain(`cannot be relied on: ${planted}.json: it is not signed by this stack`);
    const drilled = await script("drill", [...place, planted]);
    expect(drilled.stdout).toContain('"ok":false');
    expect(drilled.stderr).toContain("it is not signed by this stack");
  });

  test("does not displace a real one, and the next backup is not named after it", async () => {
    await plant(withoutSignature);
    const before = await ids();
    const next = await backup(before.length + 1);
    expect(await ids()).toEqual([...before, next]);
    expect(compareBackupIds(next, planted)).toBeLessThan(0);
    real = next;
  });

  test("counts once an operator has accepted it, after its dump was compared", async () => {
    await plant((manifest) => signed({ ...manifest, sha256: "0".repeat(64) }, "another"));
    const damaged = await script("backup", [...place, "--trust", planted]);
    expect(damaged.exitCode).toBe(1);
    expect(damaged.stderr).toMatch(
      /was not signed: the backup \S+ cannot be relied on: its dump is damaged: the sha256 is/,
    );
    expect(await ids()).not.toContain(planted);
    await plant((manifest) => signed(manifest, "another"));
    const trusted = await script("backup", [...place, "--trust", planted]);
    expect(trusted.exitCode, trusted.stderr).toBe(0);
    expect(await ids()).toContain(planted);
    expect((await script("backup", [...place, "--trust", planted])).stderr).toContain(
      "is signed by this stack already",
    );
    expect((await script("backup", [...place, "--trust", "20200101T000000Z-1.4.2"])).stderr).toContain(
      "there is no backup 20200101T000000Z-1.4.2",
    );
  });

  test("without a signature is signed when the stack gets its key, and with a wrong signature it is not", async () => {
    const take = () => script("sign", [], { dockerHost: DOCKER_HOST, postgres: POSTGRES, key: "digest" });
    expect((await take()).stdout).toBe('{"signed":0}\n');
    await plant((manifest) => signed(manifest, "another"));
    expect((await take()).stdout).toBe('{"signed":0}\n');
    expect(await ids()).not.toContain(planted);
    await database.shell('cd /backups; rm "$1.dump" "$1.json"', [planted]);
    await plant((manifest) => ({ ...withoutSignature(manifest), later: "kept" }));
    const taken = await take();
    expect([taken.stdout, taken.stderr]).toEqual([
      '{"signed":1}\n',
      "signed 1 backup from before this stack had a key\n",
    ]);
    expect(await ids()).toContain(planted);
    expect(await read(planted)).toMatchObject({ later: "kept" });
    expect((await take()).stdout).toBe('{"signed":0}\n');
  });
});

test("other files beside the backups are ignored, and no link is followed", async () => {
  const own = [...(await new Store(database).list()).backups.map(({ id }) => id), await backup()];
  const other = "20261124T080102Z-1.4.2";
  await database.shell(
    `cd "$1"; echo x >./-n.json; echo x >"a
b.json"; mkfifo c.json; mkdir d.json; ln -s /etc/passwd "$2.json"
     printf '\\036%s 1\\n{}' "$3" >e.json; printf '\\036%s 1\\n{}' "$3" >"$3.json"; ln -s /nonexistent .partial-x.json`,
    [BACKUPS_PATH, other, "20261125T080102Z-1.4.2"],
  );
  const store = new Store(database);
  const contents = await store.list();
  expect(contents.backups.map((backup) => backup.id)).toEqual(own);
  expect(contents.broken).toEqual([
    `${other}.json: it is a link, which is not followed`,
    "20261125T080102Z-1.4.2.json: it is not valid JSON",
  ]);
  expect(await store.sweep()).toEqual([".partial-x.json"]);
});
