import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { parseBackupId } from "../../components/release/records/backup-id";
import { dataMountOf } from "../../components/release/data-mount";
import type { BackupManifest } from "../../components/release/records/manifest";
import { Database } from "../../components/host/database/database";
import { appendHistory, readHistory } from "../../components/host/backups/history";
import type { HistoryEntry } from "../../components/release/records/history";
import { lockedTables } from "../../components/host/database/holders";
import { sleep } from "../../components/host/output";
import { Store } from "../../components/host/backups/store";
import { withContinuousSync } from "../../components/host/database/continuous-sync";
import { FULL } from "../support/scale";
import {
  api,
  backup,
  BARE,
  database,
  docker,
  dumping,
  files,
  idOf,
  launch,
  migrate,
  READ_ONLY,
  ready,
  rehearse,
  remainsOfRehearsal,
  said,
  SECRETS,
  STACK,
  start,
  startBackup,
  startRehearsal,
  stop,
  until,
  whileDumpsWait,
  byHand,
} from "./fixture";

const MINUTE = 60_000;
const CASES = 20_000;
/** Rows whose dump no compression makes small. */
const NOISE = `
  CREATE TABLE noise AS
    SELECT string_agg(sha512(format('%s/%s', row, part)::bytea), '' ORDER BY part) AS bytes
      FROM generate_series(1, 2000) row, generate_series(1, 512) part GROUP BY row`;

/** A table that is dumped quickly and takes 20 s to restore, on a temporary server, which does not sync its files. */
const NAP = `
  CREATE FUNCTION nap() RETURNS boolean LANGUAGE plpgsql AS
    $$ BEGIN IF current_setting('fsync') = 'off' THEN PERFORM pg_sleep(0.1); END IF; RETURN true; END $$;
  CREATE TABLE naps (n integer CHECK (public.nap()));
  INSERT INTO naps SELECT generate_series(1, 200);`;
const NAPPING = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND query LIKE 'COPY%naps%'";

const SIGNALS = ["SIGTERM", "SIGKILL"] as const;

beforeAll(start, MINUTE);
afterAll(stop, MINUTE);
afterEach(async () => {
  expect((await files()).filter((file) => file.startsWith("."))).toEqual([]);
  expect(await remainsOfRehearsal()).toEqual([]);
});

async function newest(): Promise<BackupManifest> {
  const [manifest] = (await new Store(database).list()).backups.slice(-1);
  if (manifest === undefined) throw new Error("there is no backup");
  return manifest;
}

const shell = (script: string) => docker.run(["exec", database.container, "sh", "-euc", script]);
const processes = () => docker.run(["top", database.container, "-eo", "pid,args"]);
const count = async (table: string) => Number((await byHand(`SELECT count(*) FROM ${table}`))[0]);

describe("scripts on a real database", { timeout: MINUTE }, () => {
  test("a first install has nothing to back up, and says so", async () => {
    const first = await backup();
    expect(first.stderr).toContain("first install: nothing to back up");
    expect(JSON.parse(first.stdout)).toMatchObject({ backup: null });
    expect(first.exitCode).toBe(0);
    expect((await rehearse({ backup: null })).exitCode).toBe(0);
    expect(await files()).toEqual([]);
  });

  test("a backup has the data of one moment, although rows are written meanwhile", async () => {
    await migrate("1.4.2");
    await byHand(
      `INSERT INTO cases (title, priority, embedding)
         SELECT md5(n::text), 'normal', ARRAY[n, 1, 2]::vector FROM generate_series(1, ${CASES}) n`,
    );
    const writing = byHand(
      `DO $$ BEGIN
         FOR n IN 1..300 LOOP
           INSERT INTO cases (title, priority) VALUES ('meanwhile', 'normal'); COMMIT; PERFORM pg_sleep(0.01);
         END LOOP;
       END $$`,
    );
    const id = idOf(await backup());
    await writing;
    const manifest = await newest();
    expect(manifest).toMatchObject({ id, version: "1.4.2", compression: "zstd" });
    expect(id).toMatch(/^\d{8}T\d{6}Z-1\.4\.2$/);
    expect(manifest.migrations).toHaveLength(5);
    expect(manifest.extensions).toHaveProperty("vector");
    expect(manifest.images).toHaveProperty("postgres");
    expect(manifest.rows["public.cases"]).toBeGreaterThanOrEqual(CASES);
    expect(manifest.rows["public.cases"]).toBeLessThan(await count("cases"));
    expect(await files()).toEqual([`${id}.dump`, `${id}.json`]);
    expect(await shell("stat -c %a:%U /backups/*.dump /backups/*.json")).toBe("600:root\n600:root\n");

    const rehearsed = await rehearse({ mode: "restore" });
    expect(rehearsed.stderr).toContain(`${id} restored`);
    expect(JSON.parse(rehearsed.stdout)).toMatchObject({ migrations: [], totalMigrationSeconds: 0 });
  });

  test("the migrations of the next release are timed on a copy, and no secret appears anywhere", async () => {
    const before = await count("cases");
    const rehearsal = startRehearsal();
    const watching = setInterval(() => void launch("ps", ["-eww", "-o", "args"]), 50);
    const { exitCode, stdout, stderr } = await rehearsal.ended;
    clearInterval(watching);
    expect(exitCode, stderr).toBe(0);
    const { migrations } = JSON.parse(stdout) as { migrations: { file: string }[] };
    expect(migrations.map(({ file }) => file)).toEqual(["0005_case_events.sql", "0006_cases_assignee.sql"]);
    expect(await count("cases")).toBe(before);
    expect(await count("nestfleet_migrations")).toBe(5);
    const seen = said.join("\n");
    expect(seen).toContain("scripts/run.mjs rehearse");
    expect(seen).toContain(`${STACK}-rehearsal`);
    for (const secret of Object.values(SECRETS)) {
      expect(seen).not.toContain(secret);
      expect(seen).not.toContain(encodeURIComponent(secret));
    }
  });

  test("files are synced while they are written, and the syncing ends with the work", async () => {
    const file = `${dataMountOf({}).target}/filling`;
    const dirtyMegabytes = async () => Number(/^Dirty: +(\d+)/m.exec(await shell("cat /proc/meminfo"))?.[1]) / 1024;
    try {
      await withContinuousSync(database, async () => {
        await shell(`dd if=/dev/zero of=${file} bs=1M count=128 status=none`);
        await sleep(2000); // by itself the kernel begins after 30 s
        expect(await dirtyMegabytes()).toBeLessThan(64);
        expect(await processes()).toContain("sync -f");
      });
      await until(async () => !(await processes()).includes("sync -f"));
    } finally {
      await shell(`rm -f ${file}`);
    }
  });

  test("a migration that fails on this data is refused with the SQL error", async () => {
    const { exitCode, stderr } = await rehearse({ image: api("1.6.0") });
    expect(exitCode).toBe(1);
    expect(stderr).toContain("0008_known_priorities.sql");
    expect(stderr).toMatch(/cases_known_priority.* is violated by some row/);
    expect(stderr).toContain("Production was not touched");
    expect(stderr).not.toContain(SECRETS.password);
  });

  test.each(FULL ? SIGNALS : ["SIGTERM" as const])(
    "a rehearsal that gets %s while the migrations run leaves nothing behind",
    async (signal) => {
      const rehearsal = startRehearsal({ migrateCommand: ["sleep", "60"] });
      await until(async () => (await remainsOfRehearsal()).length === 3);
      rehearsal.child.kill(signal);
      const { stderr } = await rehearsal.ended;
      if (signal === "SIGTERM") expect(stderr).toContain("stopped by SIGTERM");
      if (signal === "SIGTERM") expect(await remainsOfRehearsal()).toEqual([]);
      else expect((await rehearse({ mode: "off" })).exitCode).toBe(0);
    },
  );

  test.each(FULL ? SIGNALS : ["SIGKILL" as const])(
    "one that gets %s in the middle of a restore leaves nothing behind",
    async (signal) => {
      await byHand(NAP);
      idOf(await backup());
      const rehearsal = startRehearsal({ mode: "restore" });
      const copy = new Database(docker, `nestfleet-${STACK}-rehearsal-postgres`);
      await until(async () => (await copy.query(NAPPING).catch(() => ["0"]))[0] !== "0");
      rehearsal.child.kill(signal);
      await rehearsal.ended;
      if (signal === "SIGTERM") expect(await remainsOfRehearsal()).toEqual([]);
      else expect((await rehearse({ mode: "off" })).exitCode).toBe(0);
      await byHand("DROP TABLE naps; DROP FUNCTION nap");
      idOf(await backup());
    },
  );

  test.each([
    [
      "a flipped byte",
      'printf "\\377" | dd of="$dump" bs=1 seek=5000 conv=notrunc status=none',
      /cannot be relied on: its dump is damaged: the sha256/,
    ],
    ["a lost end", 'truncate -s -100 "$dump"', /bytes instead of/],
  ])("a backup with %s is never restored", async (_, harm, message) => {
    const { id } = await newest();
    await shell(`dump=/backups/${id}.dump; cp -p "$dump" /tmp/kept; ${harm}`);
    const { exitCode, stderr } = await rehearse({ backup: id });
    await shell(`mv /tmp/kept /backups/${id}.dump`);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(message);
    expect(stderr).not.toContain("restored");
  });

  test.each([
    [
      "an older extension",
      `s/"vector": "[^"]*"/"vector": "99.1"/`,
      /extension vector 99\.1, and the postgres image has 0/,
    ],
    [
      "a missing extension",
      `s/"vector": "[^"]*"/"nowhere": "1.0"/`,
      /extension nowhere 1\.0, which the postgres image does not have/,
    ],
    [
      "a newer server's dump",
      `s/"server": "[^"]*"/"server": "99.1"/`,
      /is from PostgreSQL 99, and PostgreSQL \d+ runs here/,
    ],
  ])("%s is found before the restore", async (_, edit, message) => {
    const { id } = await newest();
    await shell(`cp -p /backups/${id}.json /tmp/kept; sed -i '${edit}' /backups/${id}.json`);
    const { exitCode, stderr } = await rehearse({ backup: id });
    await shell(`mv /tmp/kept /backups/${id}.json`);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(message);
  });

  test("killed in the middle of a dump: nothing under a final name, and the next run cleans up", async () => {
    const before = await files();
    await whileDumpsWait(async () => {
      const { child, ended } = startBackup();
      await until(dumping);
      child.kill("SIGKILL");
      await ended;
      // No process is left that could end pg_dump; it ends by itself.
      await until(async () => !(await processes()).includes("pg_dump"));
    });
    expect((await files()).filter((file) => !file.startsWith("."))).toEqual(before);
    const next = await backup();
    expect(next.stderr).toContain("removed the files of an unfinished backup: .partial-");
    idOf(next);
  });

  test.each(["KILL", "TERM"])("pg_dump is ended by SIG%s in the middle of its work", async (signal) => {
    const before = await files();
    const { exitCode, stderr } = await whileDumpsWait(async () => {
      const { ended } = startBackup();
      await until(dumping);
      await shell(`for process in /proc/[0-9]*; do
        if [ "$(cat $process/comm 2>/dev/null)" = pg_dump ]; then kill -${signal} "\${process#/proc/}"; fi
      done`);
      return ended;
    });
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/No backup was taken: pg_dump (was killed|fails)/);
    expect(await files()).toEqual(before);
  });

  test("stopped by a signal in the middle of a dump, it removes what it made", async () => {
    const before = await files();
    const { exitCode, stderr } = await whileDumpsWait(async () => {
      const { child, ended } = startBackup();
      await until(dumping);
      child.kill("SIGTERM");
      return ended;
    });
    expect(exitCode).toBe(1);
    expect(stderr).toContain("No backup was taken: it was stopped by SIGTERM");
    expect(await files()).toEqual(before);
  });

  test("a second backup is refused while one runs, with the operator who runs the first", async () => {
    const [first, second] = await whileDumpsWait(async () => {
      const running = startBackup();
      await until(dumping);
      return [running, await backup()] as const;
    });
    expect(second.exitCode).toBe(1);
    expect(second.stderr).toMatch(/The stack \S+ is locked by \S+@\S+ \(pid \d+\) since \d{4}-\d\d-\d\dT/);
    idOf(await first.ended);
  });

  test("a session of another program that holds the lock of a backup is named, with the command that ends it", async () => {
    const holder = database.converse("no'body", "postgres", {});
    holder.write("SELECT pg_advisory_lock(hashtext('nestfleet'), hashtext('backup'));\n");
    try {
      const held = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted";
      await until(async () => (await database.query(held, "postgres"))[0] === "1");
      const { exitCode, stderr } = await backup();
      expect(exitCode).toBe(1);
      expect(stderr).toMatch(
        /the lock of a backup is held by session \d+ \("no'body", user "nestfleet", over the server's own socket, since \S+ \S+ UTC\), which does not belong to this program/,
      );
      const [, command = ""] = /`(docker .*)` ends it/.exec(stderr) ?? [];
      expect(await launch("sh", ["-c", command]).ended).toMatchObject({ exitCode: 0 });
      // The disk of this test has room for only a few backups.
      await new Store(database).remove(idOf(await backup()));
    } finally {
      holder.close();
      await holder.ended;
    }
  });

  const locked =
    /public\.duplicate_jobs is locked by session \d+ \("holder", user "nestfleet", over the server's own socket, since \S+ \S+ UTC\), idle in transaction for /;

  test("for a table that cannot be read, the session that has locked it is named", async () => {
    expect(await lockedTables(database)).toEqual([]);
    const told = await whileDumpsWait(() => lockedTables(database));
    expect(told).toEqual([expect.stringMatching(locked)]);
    expect(told.join()).not.toContain("LOCK TABLE");
  });

  test.runIf(FULL)("and a backup that has waited for it for a minute says so", { timeout: 2 * MINUTE }, async () => {
    const before = await files();
    const { exitCode, stderr } = await whileDumpsWait(() => backup());
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/No backup was taken: [^]*canceling statement due to (lock|statement) timeout/);
    expect(stderr).toMatch(locked);
    expect(await files()).toEqual(before);
  });

  test("the server stops in the middle of a dump", async () => {
    const before = await files();
    const { exitCode, stderr } = await whileDumpsWait(async () => {
      const { ended } = startBackup();
      await until(dumping);
      await docker.run(["stop", database.container]);
      return ended;
    });
    const refused = await backup();
    await docker.run(["start", database.container]);
    await ready();
    expect(exitCode).toBe(1);
    expect(stderr).toContain("No backup was taken");
    expect(refused.stderr).toContain(`start it with: docker start ${database.container}`);
    expect((await files()).filter((file) => !file.startsWith("."))).toEqual(before);
    idOf(await backup());
  });

  test("the disk fills up in the middle of a dump, and is known to be full before the next", async () => {
    const before = await files();
    await byHand(NOISE);
    // Another file takes the reserve once the dump has begun.
    const running = await whileDumpsWait(async () => {
      const begun = startBackup();
      await until(dumping);
      await shell("cat /dev/zero > /backups/other || true");
      return begun;
    });
    const full = await running.ended;
    await shell("rm /backups/other");
    expect(full.exitCode).toBe(1);
    expect(full.stderr).toMatch(/the disk filled up during the dump \(\d+ bytes were left\)/);
    expect(await files()).toEqual(before);
    await shell("head -c 45000000 /dev/zero > /backups/other");
    const refused = await backup();
    await shell("rm /backups/other");
    await byHand("DROP TABLE noise");
    expect(refused.stderr).toMatch(/\/backups has \d+ bytes free, and the backup needs about \d+/);
    expect(await files()).toEqual(before);
  });

  test("a backup far smaller than the one before is refused with both sizes, unless confirmed", async () => {
    const before = await files();
    const last = await newest();
    await byHand(`CREATE TABLE kept AS TABLE cases; DELETE FROM cases WHERE ctid > '(5,0)'; DROP TABLE kept`);
    const { exitCode, stderr } = await backup();
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/it has \d+ bytes and \d+ rows, the previous backup, \S+, has \d+ bytes and \d+ rows/);
    expect(stderr).toContain(last.id);
    expect(await files()).toEqual(before);
    idOf(await backup({ acceptSmaller: true }));
  });

  test("an empty database under the right name is refused, confirmed or not", async () => {
    const before = await files();
    const rename = (from: string, to: string) => database.query(`ALTER DATABASE ${from} RENAME TO ${to}`, "postgres");
    await rename("nestfleet", "kept");
    await database.query("CREATE DATABASE nestfleet", "postgres");
    const { exitCode, stderr } = await backup({ acceptSmaller: true });
    await database.query("DROP DATABASE nestfleet WITH (FORCE)", "postgres");
    await rename("kept", "nestfleet");
    expect(exitCode).toBe(1);
    expect(stderr).toContain("no tables at all, and none of the");
    expect(await files()).toEqual(before);
  });

  test("planted backups of 2099 do not displace others, and the next backup is not named after them", async () => {
    const ids = (manifests: readonly BackupManifest[]) => manifests.map(({ id }) => id);
    const before = ids((await new Store(database).list()).backups);
    const { id: like } = await newest();
    const planted = [1, 2, 3, 4, 5, 6, 7].map((day) => `2099010${day}T000000Z-1.4.2`);
    await shell(`cd /backups
      for id in ${planted.join(" ")}; do ln ${like}.dump $id.dump; sed "s/${like}/$id/" ${like}.json >$id.json; done`);
    const options = ["--stack", STACK, "--version", "1.4.2", "--keep", String(before.length + 1)];
    const taken = await launch("bash", ["scripts/backup.sh", ...options]).ended;
    const id = idOf(taken);
    expect(Math.abs((parseBackupId(id)?.seconds ?? 0) - Date.now() / 1000)).toBeLessThan(60);
    expect(taken.stderr).toContain(`${planted.slice(0, 3).join(", ")} and 4 others; set the clock`);
    const { backups, future } = await new Store(database).list();
    expect([ids(backups), ids(future)]).toEqual([[...before, id], planted]);
    const named = await rehearse({ mode: "restore", backup: planted[6] });
    await shell("rm /backups/2099*");
    expect(named.stderr).toContain(`${planted[6] ?? ""} restored`);
  });

  test.each([
    [READ_ONLY, /nothing can be written to \/backups .*Read-only file system/],
    [BARE, /there is no directory \/backups/],
    ["scripttest-absent", /there is no container scripttest-absent/],
  ])("backups that cannot be written in %s are refused with the path", async (container, message) => {
    const { exitCode, stderr } = await backup({ postgres: container });
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(message);
  });

  test("the history is appended to, by several at once, after a torn line", async () => {
    const entry = (to: string): HistoryEntry => ({
      ...{ at: new Date().toISOString(), operator: "root@test", from: "1.4.2", to, kind: "upgrade", backup: null },
      ...{ migrations: [], digests: {}, seconds: 1, verdict: "upgraded", reason: "x".repeat(20_000) },
    });
    await appendHistory(database, entry("1.5.0"));
    await shell(`printf '{"at":"2026' >> /backups/history.jsonl`);
    await Promise.all(["1.5.1", "1.5.2", "1.5.3"].map((to) => appendHistory(database, entry(to))));
    const read = await readHistory(database);
    expect(read.map(({ to }) => to).sort()).toEqual(["1.5.0", "1.5.1", "1.5.2", "1.5.3"]);
    expect(await shell("stat -c %a /backups/history.jsonl")).toBe("600\n");
    await shell("rm /backups/history.jsonl");
  });

  test("by hand: the stack is found by its labels, and old backups are removed, except those that are needed", async () => {
    await appendHistory(database, {
      ...{ at: new Date().toISOString(), operator: "root@test", from: "1.4.2", to: "1.5.0", kind: "upgrade" },
      ...{ backup: null, migrations: [], digests: {}, seconds: 1, verdict: "upgraded" },
    });
    const needed = await newest();
    await shell("echo '{}' > /backups/20200101T000000Z-1.0.0.json; echo mine > /backups/notes.txt");
    const byHand = await launch("bash", ["scripts/backup.sh", "--stack", STACK, "--keep", "1", "--version", "1.5.0"])
      .ended;
    const id = idOf(byHand);
    expect(byHand.stderr).toContain("20200101T000000Z-1.0.0.json: it is not the manifest of a backup");
    const { backups } = await new Store(database).list();
    expect(backups.map((kept) => kept.id)).toEqual([needed.id, id]);
    expect(await files()).toContain("notes.txt");
    const nameless = await launch("bash", ["scripts/backup.sh", "--stack", STACK]).ended;
    expect(nameless.stderr).toContain("name the release with --version");
    const injected = await launch("bash", ["scripts/backup.sh", "--stack", STACK, "--version", "1.5.0; rm -rf /"])
      .ended;
    expect(injected.exitCode).toBe(1);
  });

  test("in all these tests the server has never restarted its sessions", async () => {
    const log = await docker.logs(database.container, 10_000);
    expect(log).toContain("ready to accept connections");
    expect(log).not.toContain("terminating any other active server processes");
  });
});
