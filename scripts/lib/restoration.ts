import type { BackupManifest } from "../../components/release/manifest";
import { missingExtension, newerServer } from "../../components/release/server";
import { checksum } from "./backup";
import { type Database, DATABASE, MAINTENANCE, ROLE } from "./database";
import { difference, countRows } from "./rows";
import { Refusal } from "./run";
import { Session } from "./session";
import { writtenSteadily } from "./writeback";
import { dumpFile } from "./store";

/**
 * What is restored is thrown away when the server crashes meanwhile: its commits need not wait for the disk. And it
 * shares the memory with the live database.
 */
const EASE = "-c synchronous_commit=off -c maintenance_work_mem=64MB";
/** A restored database has the indexes that a dump leaves out. */
const MARGIN = 1.2;

/** Refuses a backup that is not, byte for byte, what was written when it was taken. */
export async function mustBeIntact(database: Database, manifest: BackupManifest, signal: AbortSignal): Promise<void> {
  const found = await checksum(database, dumpFile(manifest.id), signal);
  if (found !== manifest.sha256)
    throw new Refusal(`the backup ${manifest.id} is damaged: its sha256 is ${found} instead of ${manifest.sha256}`);
}

const SERVER = `
  SELECT json_build_object(
    'major', current_setting('server_version_num')::int / 10000,
    'extensions', (SELECT json_object_agg(name, default_version) FROM pg_available_extensions))`;

/**
 * Refuses a server that is older than the dump, whose image lacks an extension of the backup, or has an older one: the
 * restore would fail half-way, or the data would be read by code that does not know it.
 */
export async function mustSuitServer(database: Database, manifest: BackupManifest): Promise<void> {
  const [answer = "{}"] = await database.query(SERVER, MAINTENANCE);
  const { major, extensions } = JSON.parse(answer) as { major: number; extensions: Record<string, string> };
  const newer = newerServer(manifest.server, major);
  if (newer !== undefined) throw new Refusal(`the backup ${newer}`);
  const missing = missingExtension(manifest.extensions, extensions);
  if (missing !== undefined) throw new Refusal(`the backup needs ${missing}`);
}

/** Refuses when the restored database would not fit beside the live one. */
export async function mustFitBeside(database: Database, manifest: BackupManifest): Promise<void> {
  const [directory = ""] = await database.query("SHOW data_directory", MAINTENANCE);
  const free = await database.freeBytes(directory);
  const needed = Math.round(manifest.databaseBytes * MARGIN);
  if (free < needed)
    throw new Refusal(`the disk of the database has ${free} bytes free, and restoring beside it needs about ${needed}`);
}

/** Whether a backup can be restored here, before anything is touched. */
export async function mustBeRestorable(database: Database, manifest: BackupManifest, signal: AbortSignal) {
  await Promise.all([
    mustBeIntact(database, manifest, signal),
    mustSuitServer(database, manifest),
    mustFitBeside(database, manifest),
  ]);
}

/** An empty database with the live one's encoding and collation. */
export async function createDatabase(database: Database, name: string): Promise<void> {
  const [statement = ""] = await database.query(
    `SELECT format('CREATE DATABASE %I OWNER %I TEMPLATE template0 ENCODING %L LC_COLLATE %L LC_CTYPE %L',
                   '${name}', '${ROLE}', pg_encoding_to_char(encoding), datcollate, datctype)
       FROM pg_database WHERE datname = '${DATABASE}'`,
    MAINTENANCE,
  );
  await database.query(statement, MAINTENANCE);
}

/** Ends its sessions first; no database of that name is no error. */
export async function dropDatabase(database: Database, name: string): Promise<void> {
  await database.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`, MAINTENANCE);
}

/**
 * Restores a backup into an empty database, and refuses the result unless every table has the rows that were dumped.
 * Each of the `jobs` takes a core, of which the live database has need, too; so it has of the disk.
 */
export async function restoreInto(
  database: Database,
  name: string,
  manifest: BackupManifest,
  signal: AbortSignal,
  jobs: number,
): Promise<void> {
  await writtenSteadily(database, async () => {
    const { exitCode, stderr } = await database.run(
      [
        "nice",
        "pg_restore",
        `--dbname=dbname=${name} user=${ROLE} application_name=nestfleet-restore options='${EASE}'`,
        `--jobs=${jobs}`,
        "--no-owner",
        "--no-privileges",
        `--role=${ROLE}`,
        "--exit-on-error",
        dumpFile(manifest.id),
      ],
      { signal },
    );
    if (exitCode !== 0)
      throw new Refusal(`the backup ${manifest.id} cannot be restored: ${stderr || `exit code ${exitCode}`}`);
    await mustHaveAllRows(database, name, manifest, signal);
  });
}

async function mustHaveAllRows(
  database: Database,
  name: string,
  manifest: BackupManifest,
  signal: AbortSignal,
): Promise<void> {
  const session = new Session(database, "nestfleet-restore", name, signal);
  try {
    const unequal = difference(manifest.rows, await countRows(session));
    if (unequal !== undefined) throw new Refusal(`the backup ${manifest.id} is not what was dumped: ${unequal}`);
  } finally {
    await session.close();
  }
}
