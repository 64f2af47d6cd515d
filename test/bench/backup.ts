import { performance } from "node:perf_hooks";
import { DockerClient } from "../../components/host/docker/client";
import { postgresHealthcheck } from "../../components/host/docker/healthchecks";
import { takeBackup } from "../../components/operations/backup/backup";
import { Database } from "../../components/host/database/database";
import { restoreBeside } from "../../components/operations/restore/restore-beside";
import { sleep } from "../../components/host/output";
import { findBackup } from "../../components/host/backups/selection";

/**
 * Measures backup and restore, and for comparison the settings of the application's own script, its documented restore,
 * and the lower bound, all with the same database in the same run. `npm run bench` takes about five minutes, and needs
 * 8 GB of disk, which it frees at the end.
 */
const docker = new DockerClient(process.env["DOCKER_HOST"] ?? "unix:///var/run/docker.sock");
const CONTAINER = "nestfleet-bench-postgres";
const IMAGE = process.env["NESTFLEET_BENCH_IMAGE"] ?? "nestfleet-standin/postgres:17";
const GIGABYTES = 1.3;

/**
 * Text that compresses to about a fifth, as the application's data do: seven words of eight are from a small
 * vocabulary. PostgreSQL stores it uncompressed, so that the database is as large as the data that are dumped.
 */
const SEED = `
  CREATE TABLE messages (id bigserial PRIMARY KEY, at timestamptz DEFAULT now(), body text);
  ALTER TABLE messages ALTER body SET STORAGE EXTERNAL;
  INSERT INTO messages (body)
  SELECT string_agg(CASE WHEN random() < 0.875 THEN (ARRAY['customer','ticket','reply','sent','open','closed','please','thanks','order','invoice'])[1 + floor(random() * 10)::int]
                         ELSE substr(md5(random()::text || n), 1, 8) END, ' ')
  FROM generate_series(1, 500000) n, LATERAL generate_series(1, 330) word
  GROUP BY n`;

async function main(): Promise<void> {
  await docker.run([
    "run",
    "--detach",
    "--name",
    CONTAINER,
    "--network",
    "none",
    "--env",
    "POSTGRES_DB=nestfleet",
    "--env",
    "POSTGRES_USER=nestfleet",
    "--env",
    "POSTGRES_PASSWORD=bench",
    "--volume",
    "/backups",
    IMAGE,
  ]);
  try {
    await ready();
    await psql(SEED);
    await psql("VACUUM ANALYZE");
    const megabytes = Number(await psql("SELECT pg_database_size('nestfleet') / 1048576"));
    console.log(`database ${megabytes} MB (wanted about ${GIGABYTES * 1024})`);
    await row("pg_dump -Fc --compress=none > /dev/null", () => dump("--compress=none", "/dev/null"));
    await row("pg_dump -Fc --compress=9 (gzip)", () => dump("--compress=9", "/backups/gzip9"), "/backups/gzip9");
    await row("pg_dump -Fc --compress=zstd:1", () => dump("--compress=zstd:1", "/backups/zstd1"), "/backups/zstd1");
    await row("scripts/backup.ts, rehearsal follows", () => backup(false));
    await row("scripts/backup.ts, read back", () => backup(true));
    await inContainer("pg_dump -U nestfleet nestfleet | gzip > /backups/plain.gz");
    await row("documented: gunzip | psql", () =>
      inFresh("gunzip -c /backups/plain.gz | psql -qX -U nestfleet -d fresh"),
    );
    await row("pg_restore", () => inFresh("pg_restore -U nestfleet -d fresh /backups/zstd1"));
    await row("pg_restore --jobs=2", () => inFresh("pg_restore -U nestfleet -d fresh --jobs=2 /backups/zstd1"));
    const database = new Database(docker, CONTAINER);
    const newest = await findBackup(database, "newest");
    await row("ours: restored, rows counted, analysed", () =>
      restoreBeside(database, newest, new AbortController().signal),
    );
  } finally {
    await docker.run(["rm", "--force", "--volumes", CONTAINER]);
  }
}

/** Measures how many seconds some work takes, and the size of the file that it makes. */
async function row(name: string, work: () => Promise<unknown>, file?: string): Promise<void> {
  const started = performance.now();
  await work();
  const seconds = ((performance.now() - started) / 1000).toFixed(1).padStart(6);
  const bytes = file === undefined ? "" : Number(await inContainer(`stat -c %s ${file}`));
  console.log(`${name.padEnd(42)} ${seconds} s ${bytes === "" ? "" : `${Math.round(bytes / 1e6)} MB`}`.trimEnd());
}

function dump(compress: string, file: string): Promise<string> {
  // /dev/null cannot be synced.
  const sync = file === "/dev/null" ? ["--no-sync"] : [];
  return docker.run([
    "exec",
    CONTAINER,
    "pg_dump",
    "-U",
    "nestfleet",
    "-Fc",
    compress,
    ...sync,
    "-f",
    file,
    "nestfleet",
  ]);
}

function inContainer(script: string): Promise<string> {
  return docker.run(["exec", CONTAINER, "bash", "-o", "pipefail", "-ec", script]);
}

function inFresh(script: string): Promise<string> {
  return inContainer(`dropdb -U nestfleet --if-exists fresh; createdb -U nestfleet fresh; ${script}`);
}

function backup(readBack: boolean): Promise<unknown> {
  const request = { postgres: CONTAINER, version: "1.4.2", images: {}, keep: 7, acceptSmaller: true, readBack };
  return takeBackup(docker, request, new AbortController().signal);
}

function psql(sql: string): Promise<string> {
  return docker.run(["exec", "-i", CONTAINER, "psql", "-U", "nestfleet", "-d", "nestfleet", "-qAtX"], sql);
}

async function ready(): Promise<void> {
  for (let attempt = 0; attempt < 120; attempt++) {
    const up = await docker.run(["exec", CONTAINER, ...postgresHealthcheck.test.slice(1)]).catch(() => "");
    if (up !== "") return;
    await sleep(500);
  }
  throw new Error("PostgreSQL does not start");
}

void main();
