import type { DockerClient } from "../docker/client";
import { DockerError } from "../docker/errors";
import { type Database, lines } from "../database/database";
import { Refusal } from "../output";
import { dumpFault } from "../../release/records/dump";
import type { BackupManifest } from "../../release/records/manifest";
import { dumpFile } from "./store";

/** No disk is assumed to read slower than this. A preview gives up a check that takes longer; the restore does it. */
const SLOWEST_BYTES_PER_SECOND = 20_000_000;
const PATIENCE_SECONDS = 60;

/**
 * Shell for the database's container. Prints the size of a file and, where the size is as expected, its checksum.
 * `exec` replaces the shell, so that a stop ends the reading.
 */
const CHECK = `
  [ -f "$1" ] || { echo missing; exit; }
  size=$(stat -L -c %s "$1")
  echo "$size"
  if [ "$size" = "$2" ]; then exec sha256sum "$1"; fi`;

/**
 * Says for a preview, in limited time, why a backup cannot be relied on; undefined when its dump is intact byte for
 * byte.
 */
export async function inspectDump(
  docker: DockerClient,
  postgres: string,
  manifest: BackupManifest,
): Promise<string | undefined> {
  const patience = PATIENCE_SECONDS + Math.ceil(manifest.bytes / SLOWEST_BYTES_PER_SECOND);
  const answer = await docker.run(["exec", postgres, ...question(manifest)], "", patience).catch((error: unknown) => {
    // The size was printed, but the read failed.
    if (error instanceof DockerError && error.exitCode === 1 && error.stdout !== "") return error.stdout;
    throw error;
  });
  return faultIn(manifest, lines(answer));
}

/** Refuses, for an operation, a backup whose dump is not intact byte for byte. The signal stops the check. */
export async function mustBeIntact(database: Database, manifest: BackupManifest, signal: AbortSignal): Promise<void> {
  const answer: string[] = [];
  const { stderr } = await database.run(question(manifest), { signal, onLine: (line) => answer.push(line) });
  if (answer.length === 0) throw new Refusal(`${dumpFile(manifest.id)} cannot be checked: ${stderr}`);
  const fault = faultIn(manifest, answer);
  if (fault !== undefined) throw new Refusal(`the backup ${manifest.id} cannot be relied on: ${fault}`);
}

/** Computes the checksum of a file that has no manifest yet. */
export async function checksum(database: Database, file: string, signal: AbortSignal): Promise<string> {
  let answer = "";
  const { exitCode, stderr } = await database.run(["sha256sum", file], { signal, onLine: (line) => (answer = line) });
  const [sum = ""] = answer.split(" ");
  if (exitCode !== 0 || !/^[0-9a-f]{64}$/.test(sum)) throw new Refusal(`${file} cannot be read: ${stderr}`);
  return sum;
}

function question({ id, bytes }: BackupManifest): string[] {
  return ["sh", "-euc", CHECK, "-", dumpFile(id), String(bytes)];
}

function faultIn(manifest: BackupManifest, [size, sum]: readonly string[]): string | undefined {
  const bytes = size === "missing" ? undefined : Number(size);
  return dumpFault(manifest, { bytes, sha256: sum?.split(" ")[0] });
}
