import type { z } from "zod";
import { namesOf } from "../../release/names";
import type { BackupManifest } from "../../release/records/manifest";
import { configSet, up } from "../../release/commands";
import { duration, size } from "../../release/units";
import { withStackLock } from "../../host/lock";
import { misused, parse, PLACE, place } from "../../host/command-line";
import { complaint, Database } from "../../host/database/database";
import { undoTargets } from "./replaced-databases";
import { interruptible } from "../../host/interruption";
import { PatientClient } from "../../host/docker/patient-client";
import { recoverStack } from "../recovery/recover-stack";
import { restore } from "./restore";
import { Refusal, say } from "../../host/output";
import { findStack, onlyStack } from "../../host/stack";
import { Store } from "../../host/backups/store";
import type { Request, request } from "./request";

/** Closing line of a refusal by hand, where configuration or state may be out of reach. */
const AGAIN = "Next: fix the cause, then run the same command again.";

/** Rolls data and code back together, by hand, as an update does where the configuration has `nestfleet:restore`. */
export async function restoreByHand(asked: Request): Promise<string | undefined> {
  const docker = new PatientClient(asked.dockerHost);
  if (asked.action === "recover") {
    const stack = asked.stack ?? (await onlyStack(docker));
    await withStackLock(docker, stack, () => recoverStack(docker, stack, undefined));
    return undefined;
  }
  const found = await findStack(docker, asked.stack);
  const { stack, postgres } = found;
  const database = new Database(docker, postgres);
  if (asked.action === "list") return list(database);
  const { caddy } = namesOf(stack).containers;
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
  const restored = await withStackLock(docker, stack, () => interruptible((signal) => restore(docker, asking, signal)));
  say(`Next: ${configSet(stack, "version", restored.version)} && ${up(stack)}`);
  return JSON.stringify(restored);
}

function named({ subject }: Request): string {
  if (subject === undefined) throw new Refusal("Which backup? --list shows them.");
  return subject;
}

/** Says what a restore without `--yes` would do. */
async function announcement(database: Database, serving: string | undefined, { action, subject }: Request) {
  const what =
    action === "undo" ? `the database ${subject ?? "that was replaced last"}` : `the backup ${subject ?? ""}`;
  const names = await undoTargets(database).catch((error: unknown) => complaint(error));
  return [
    `${what} would become the live database, with its own release; nothing was touched.`,
    `It does not contain what ${serving ?? "the running release"} has written since then; the live database is kept, for --undo.`,
    ...(typeof names === "string" || names.length === 0
      ? []
      : [`Previous databases that are kept already: ${names.map((kept) => kept.name).join(", ")}`]),
    "Next: run the same command with --yes.",
  ].join("\n");
}

/** Lists for a person what can be restored, the newest last. */
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
    throw misused(`unexpected argument '${(takesSubject ? more : positionals).join(" ")}'`, ...USAGE);
  if (action === "restore" && (subject ?? "") === "") throw misused("Which backup? --list shows them", ...USAGE);
  return { ...(await place(values, { replaces: action !== "list" })), action, subject, confirmed: values.yes === true };
}
