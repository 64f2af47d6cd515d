import type { DockerClient } from "../../host/docker/client";
import { namesOf } from "../../release/names";
import { hostTime } from "../../host/docker/clock";
import type { BackupManifest } from "../../release/records/manifest";
import { parseVersion } from "../../release/version";
import { total } from "../../release/records/plausibility";
import { complaint, Database } from "../../host/database/database";
import { type Expected, healthIn } from "../../host/routing/health";
import { restoredElsewhere } from "../restore/elsewhere";
import { readEntrance } from "../../host/routing/endpoint";
import { withAdvisoryLock } from "../../host/database/advisory-lock";
import { findImage, howToGet, identityIn } from "../../host/docker/images";
import { Refusal, say } from "../../host/output";
import { reportPassedOver, selectBackup } from "../../host/backups/selection";
import { findStack, type RunningStack } from "../../host/stack";
import { Store } from "../../host/backups/store";

interface DrillRequest {
  /** Without a name, the only stack on the Docker host. */
  readonly stack?: string | undefined;
  /** Id; without one, the newest backup. */
  readonly backup?: string | undefined;
}

/** The line of JSON for a monitor: what the restore drill proved, or why it failed. */
type Drilled =
  | {
      readonly ok: true;
      readonly stack: string;
      readonly backup: string;
      /** Version of the release that the data belong to. */
      readonly version: string;
      readonly takenAt: string;
      readonly bytes: number;
      readonly rows: number;
      readonly tables: number;
      readonly restoreSeconds: number;
      readonly healthSeconds: number;
      /** Age of the backup: if it is restored now, what was written in these seconds is lost. */
      readonly ageSeconds: number;
    }
  | { readonly ok: false; readonly backup: string | null; readonly error: string };

/** How `/health` is checked where the proxy has no site that says it. */
const COMPARED = { health: { version: "compare" } } as const;
const NEXT = `
The live database and the backups are untouched.
Next: fix the cause, then run the same command again. If the backup itself is at fault, take a new one: scripts/backup.sh`;

/**
 * Does a restore drill: proves that a backup can be restored, and that its release works on the restored data. Everything
 * happens on a temporary server, so that no serving container is touched. The drill does not take the stack's lock: an
 * update may run at the same time.
 */
export async function drill(docker: DockerClient, asked: DrillRequest, signal: AbortSignal): Promise<Drilled> {
  let backup = asked.backup ?? null;
  try {
    const found = await findStack(docker, asked.stack);
    const live = new Database(docker, found.postgres);
    const contents = await new Store(live).list();
    reportPassedOver(contents);
    const manifest = selectBackup(contents, asked.backup);
    backup = manifest.id;
    return await withAdvisoryLock(live, "drill", () => perform(docker, found, manifest, signal));
  } catch (error) {
    const why = complaint(signal.aborted ? signal.reason : error).trimEnd();
    say(`The restore drill fails: ${why.includes("\nNext: ") ? why : why + NEXT}`);
    return { ok: false, backup, error: why.split("\n", 1)[0] ?? why };
  }
}

async function perform(
  docker: DockerClient,
  found: RunningStack,
  manifest: BackupManifest,
  signal: AbortSignal,
): Promise<Drilled> {
  const image = await apiImage(docker, manifest);
  const { stack, postgres } = found;
  const elsewhere = { docker, stack, postgres, manifest, purpose: "drill", signal } as const;
  return restoredElsewhere(elsewhere, async ({ throwaway, restoreSeconds }) => {
    const [rows, tables] = [total(manifest.rows), Object.keys(manifest.rows).length];
    say(`drill: ${manifest.id} restored in ${restoreSeconds} s, all ${rows} rows of ${tables} tables`);
    const { health } = (await readEntrance(docker, namesOf(stack).containers.caddy)) ?? COMPARED;
    const expected = { semver: parseVersion(manifest.version)?.semver, health };
    const healthSeconds = await timed(async () => {
      mustBeWell(await throwaway.health(image), manifest, expected);
    });
    say(`drill: ${manifest.version} is healthy on it after ${healthSeconds} s`);
    const { id, version, takenAt, bytes } = manifest;
    const ageSeconds = Math.round((((await hostTime(docker)) ?? Date.now()) - Date.parse(takenAt)) / 1000);
    const measured = { rows, tables, restoreSeconds, healthSeconds, ageSeconds };
    return { ok: true, stack, backup: id, version, takenAt, bytes, ...measured };
  });
}

function mustBeWell(answer: string, { version }: BackupManifest, expected: Expected): void {
  try {
    healthIn(answer, "/health", expected);
  } catch (error) {
    throw new Refusal(`${version} does not work on the restored data: ${complaint(error)}`);
  }
}

/** Finds the image that served when the backup was taken; its tag may name another image by now. */
async function apiImage(docker: DockerClient, manifest: BackupManifest): Promise<string> {
  const { id, version } = manifest;
  const wanted = identityIn(manifest, "api");
  if (wanted === undefined) throw new Refusal(`the manifest of ${id} does not name the api image of ${version}`);
  const image = await findImage(docker, wanted);
  if (image === undefined)
    throw new Refusal(
      `the api image of ${version} with which the backup ${id} was taken is not on the Docker host any more: ${wanted.id}\nNext: ${howToGet(wanted)}`,
    );
  return image;
}

/** Gives the seconds that the work took, rounded to tenths. */
async function timed(work: () => Promise<void>): Promise<number> {
  const started = Date.now();
  await work();
  return Math.round((Date.now() - started) / 100) / 10;
}
