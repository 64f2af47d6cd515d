import type { z } from "zod";
import type { DockerClient } from "../../host/docker/client";
import { nameOf } from "../../release/names";
import { appliedMigrations } from "../../host/database/inspect";
import { newestBackup } from "../../release/records/backups";
import type { BackupManifest } from "../../release/records/manifest";
import { beyond } from "../../release/sql/migrations";
import { configSet, up } from "../../release/commands";
import { duration, size } from "../../release/units";
import { alone } from "../../host/stack-lock";
import { misused, parse, PLACE, place } from "../../host/command-line";
import { complaint, Database } from "../../host/database/database";
import { withAdvisoryLock } from "../../host/database/advisory-lock";
import { undoTargets } from "./replaced-databases";
import { interruptible } from "../../host/interruption";
import { PatientClient } from "../../host/docker/patient-client";
import { endHold, resume } from "../../host/routing/writers";
import { restore } from "./restore";
import { readState } from "./state";
import { recoverRestore } from "./recovery";
import { Refusal, say } from "../../host/output";
import { findStack, onlyStack } from "../../host/stack";
import { Store } from "../../host/backups/store";
import { persistently } from "../../host/undoing";
import type { Request, request } from "./request";

/** Of a refusal, for somebody who works by hand because config or state are out of reach. */
const AGAIN = "Next: mend the cause, then run the same command again.";

/** Takes data and code back together, by hand: the same as an update does where the config has `nestfleet:restore`. */
export async function restoreByHand(asked: Request): Promise<string | undefined> {
  const docker = new PatientClient(asked.dockerHost);
  if (asked.action === "recover") {
    const stack = asked.stack ?? (await onlyStack(docker));
    const work = () => recover(docker, stack, asked.target);
    return asked.partOfUpdate ? work() : alone(docker, stack, work);
  }
  const found = await findStack(docker, asked.stack);
  const { stack, postgres } = found;
  const database = new Database(docker, postgres);
  if (asked.action === "list") return list(database);
  const caddy = `${nameOf(stack)}-caddy`;
  const backup = asked.action === "undo" ? null : named(asked);
  const asking = {
    stack,
    postgres,
    caddy,
    backup,
    replaced: asked.subject,
    timeoutSeconds: asked.timeoutSeconds,
    next: AGAIN,
  };
  if (!asked.confirmed) throw new Refusal(await announcement(database, found.version, asked));
  const restored = await alone(docker, stack, () => interruptible((signal) => restore(docker, asking, signal)));
  say(`Next: ${configSet(stack, "version", restored.version)} && ${up(stack)}`);
  return JSON.stringify(restored);
}

/**
 * Ends what a killed run has begun. Requests that were held while postgres was replaced are let go first: for that no
 * database is needed, and the one that was to be made may not be there, or not answer.
 */
async function recover(docker: PatientClient, stack: string, target: string | undefined): Promise<undefined> {
  const caddy = `${nameOf(stack)}-caddy`;
  const ended = await persistently(() => endHold(docker, caddy));
  const found = await findStack(docker, stack).catch((error: unknown) => {
    if (!ended) throw error;
    say(complaint(error));
    return undefined;
  });
  if (found === undefined) return;
  const { postgres } = found;
  const database = new Database(docker, postgres);
  if (ended && (await readState(database, stack)) === undefined) return;
  await withAdvisoryLock(database, "restore", () => recoverRestore({ stack, caddy, docker, database }));
  const fits = (version: string) => fitsRelease(docker, postgres, version);
  const resumed = await persistently(() => resume(docker, caddy, stack, { target, fits }));
  if (resumed.length > 0) say(`${resumed.join(", ")} started again`);
}

/** No migration has run since the last backup of a release: what a recreate has taken when it had stopped the writers. */
async function fitsRelease(docker: DockerClient, postgres: string, version: string): Promise<boolean> {
  const [{ backups }, applied] = await Promise.all([
    new Store(new Database(docker, postgres)).list(),
    appliedMigrations(docker, postgres),
  ]);
  const migrations = newestBackup(backups, version)?.migrations;
  return migrations !== undefined && beyond(applied, migrations).length === 0;
}

function named({ subject }: Request): string {
  if (subject === undefined) throw new Refusal("Which backup? --list shows them.");
  return subject;
}

/** What will happen, for somebody who has not said yes yet. */
async function announcement(database: Database, serving: string | undefined, { action, subject }: Request) {
  const what =
    action === "undo" ? `the database ${subject ?? "that was replaced last"}` : `the backup ${subject ?? ""}`;
  const names = await undoTargets(database).catch((error: unknown) => complaint(error));
  return [
    `${what} would become the live database, with its own release; nothing was touched.`,
    `What ${serving ?? "the release that serves"} has written since then is not in it; the live database is kept, for --undo.`,
    ...(typeof names === "string" || names.length === 0
      ? []
      : [`Kept already: ${names.map((kept) => kept.name).join(", ")}`]),
    "Next: the same with --yes.",
  ].join("\n");
}

/** For people: what can be restored, newest last. */
async function list(database: Database): Promise<string> {
  const [{ backups, broken, future }, kept] = await Promise.all([new Store(database).list(), undoTargets(database)]);
  const described = ({ id, bytes, databaseBytes, seconds }: BackupManifest) =>
    [id, `dump ${size(bytes)}`, `database ${size(databaseBytes)}`, `taken in ${duration(seconds)}`].join("\t");
  return [
    ...(backups.length === 0 ? ["no backups"] : []),
    ...backups.map(described),
    ...future.map((manifest) => `${described(manifest)}\tdated in the future`),
    ...broken.map((file) => `unusable\t${file}`),
    ...kept.map(({ name, version, bytes }) => [name, `database of ${version}`, size(bytes)].join("\t")),
  ].join("\n");
}

const USAGE = [
  "scripts/restore.sh [--stack NAME] [--docker-host HOST] --list",
  "scripts/restore.sh [--stack NAME] [--docker-host HOST] [--yes] BACKUP-ID",
  "scripts/restore.sh [--stack NAME] [--docker-host HOST] [--yes] --undo [DATABASE]",
  "scripts/restore.sh [--stack NAME] [--docker-host HOST] --recover",
];
const ACTIONS = ["list", "undo", "recover"] as const;

export async function typed(words: readonly string[]): Promise<z.input<typeof request>> {
  const flag = { type: "boolean" } as const;
  const { values, positionals } = parse(
    words,
    { ...PLACE, yes: flag, list: flag, undo: flag, recover: flag },
    ...USAGE,
  );
  const [action = "restore", ...others] = ACTIONS.filter((name) => values[name]);
  if (others.length > 0) throw misused(`--${action} and --${others.join(", --")} exclude each other`, ...USAGE);
  const [subject, ...more] = positionals;
  const takesSubject = action === "restore" || action === "undo";
  if (more.length > 0 || (subject !== undefined && !takesSubject))
    throw misused(`'${(takesSubject ? more : positionals).join(" ")}' is one too many`, ...USAGE);
  if (action === "restore" && (subject ?? "") === "") throw misused("Which backup? --list shows them", ...USAGE);
  return { ...(await place(values, { replaces: action !== "list" })), action, subject, confirmed: values.yes === true };
}
