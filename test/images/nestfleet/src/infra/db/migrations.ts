import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Client } from "pg";
import { log, reason } from "../log";
import { connect } from "./connect";
import { statements } from "./statements";

const directory = join(process.cwd(), "migrations");
const lock = 7_303_014;

/**
 * Applies the missing migrations, in the order of the files. If two start at once, the second waits and has nothing to
 * do.
 */
export async function migrate(databaseUrl: string): Promise<void> {
  const client = await connect(databaseUrl, "migrate");
  try {
    await acquire(client);
    await client.query(
      `CREATE TABLE IF NOT EXISTS nestfleet_migrations (
         filename text PRIMARY KEY,
         applied_at timestamptz NOT NULL DEFAULT now()
       )`,
    );
    const applied = new Set(
      (await client.query<{ filename: string }>("SELECT filename FROM nestfleet_migrations")).rows.map(
        (row) => row.filename,
      ),
    );
    client.on("notice", (notice) => {
      log.info("migration notice", { notice: notice.message });
    });
    const pending = (await migrationFiles()).filter((filename) => !applied.has(filename));
    for (const filename of pending) await apply(client, filename);
    log.info("migrations up to date", { applied: pending.length, inAll: applied.size + pending.length });
  } finally {
    await client.end();
  }
}

async function migrationFiles(): Promise<string[]> {
  return (await readdir(directory)).filter((name) => name.endsWith(".sql")).sort();
}

async function apply(client: Client, filename: string): Promise<void> {
  const sql = await readFile(join(directory, filename), "utf8");
  const started = Date.now();
  log.info("migration started", { filename });
  try {
    if (sql.includes("CONCURRENTLY") || sql.includes("-- no-transaction")) {
      for (const statement of statements(sql)) await client.query(statement);
      await record(client, filename);
    } else {
      await client.query("BEGIN");
      await client.query(sql);
      await record(client, filename);
      await client.query("COMMIT");
    }
  } catch (error) {
    throw new Error(`migration ${filename} failed: ${reason(error)}`, { cause: error });
  }
  log.info("migration applied", { filename, ms: Date.now() - started });
}

async function record(client: Client, filename: string): Promise<void> {
  await client.query("INSERT INTO nestfleet_migrations (filename) VALUES ($1)", [filename]);
}

// Tries again and again instead of waiting inside PostgreSQL. A waiting statement holds a snapshot, and a CREATE INDEX
// CONCURRENTLY of the process with the lock would wait for that snapshot: a deadlock.
async function acquire(client: Client): Promise<void> {
  for (let attempt = 0; ; attempt += 1) {
    const answer = await client.query<{ held: boolean }>("SELECT pg_try_advisory_lock($1) AS held", [lock]);
    if (answer.rows[0]?.held) return;
    if (attempt === 0) log.info("another instance is migrating; waiting for it");
    await sleep(500);
  }
}
