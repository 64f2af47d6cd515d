import { nameOf } from "../names";
import type { HostFacts } from "../facts";
import { parseBackupId } from "../records/backup-id";
import { backupNamed, brokenNamed, fittingBackups, newestFitting } from "../records/backups";
import { configRm, configSet, configSetPath, docker, stay, trust, up, upRefresh } from "../commands";
import { newestChange } from "../records/history";
import type { BackupManifest } from "../records/manifest";
import { beyond } from "../sql/migrations";
import type { Problem } from "./problem";
import { unsuitable } from "../records/compatibility";
import { asksForData, namedBackup, type Situation } from "../situation";
import { oneLine } from "../words";

/** So many backups are offered instead of one that cannot be used, the newest first. */
const OFFERED = 3;

/** Why a backup cannot be restored here, and what mends that itself; other backups are offered beside it. */
interface Fault {
  readonly why: string;
  readonly mend?: readonly string[];
}

/**
 * The backup that the config names for this very release, and that cannot be used: told before anything is touched, and
 * not replaced by another choice in silence. What is not known, for want of the database, is no fault.
 */
export function restoreUnusable(judged: Situation): Problem | undefined {
  const { facts, settings, stack, step, from, to } = judged;
  const named = namedBackup(settings);
  if (facts?.database === undefined || named === undefined || (step !== "rollback" && step !== "restore"))
    return undefined;
  const fault = faultOf(judged, facts, named);
  if (fault === undefined) return undefined;
  const others = fittingBackups(facts, to).filter(({ id }) => id !== named);
  const offered = others.slice(-OFFERED).reverse();
  return {
    title: `the backup ${named} cannot be restored`,
    why: fault.why,
    mend: [
      ...(fault.mend ?? []),
      ...offered.map(({ id, takenAt }) => `restore that of ${takenAt}: ${configSet(stack, "restore", id)}`),
      ...(others.length === 0 ? [`there is no other backup of ${to.tag} that fits`] : []),
      ...(step === "restore" ? [`or leave the data as they are: ${configRm(stack, "confirmRestore")}`] : []),
      ...(step === "rollback" && from ? [stay(stack, from.tag)] : []),
    ],
  };
}

/**
 * Whether the rollback has been carried out cannot be told without knowing who serves; and carrying it out twice would
 * take away what users have written since.
 */
export function servingUnknown({ facts, settings, stack, step, from }: Situation): Problem | undefined {
  if (facts?.database === undefined || facts.serving !== undefined) return undefined;
  if (step !== "rollback" || namedBackup(settings) === undefined) return undefined;
  return {
    title: "which release serves cannot be told",
    why: `${nameOf(stack)}-caddy, which knows, does not answer or names a container that is gone; a restore would take away what was written since`,
    mend: [
      `look first: ${docker(settings.dockerHost, `ps --all --filter label=org.nestfleet.stack=${stack}`)}`,
      `without the restore, the rest can be put in order: ${configRm(stack, "restore")} && ${upRefresh(stack)}`,
      ...(from ? [`${stay(stack, from.tag)} && ${upRefresh(stack)}`] : []),
    ],
  };
}

/**
 * A config that still says what somebody has taken back by hand: the next update, whatever it is for, would take away
 * the rows that were just brought back. Once the config has been applied without it, asking again is asking anew.
 */
export function rollbackUndone({ facts, settings, stack, step, last, from, to }: Situation): Problem | undefined {
  const named = namedBackup(settings);
  const newest = newestChange(facts?.history ?? []);
  if (step !== "rollback" || named === undefined || newest?.kind !== "undo" || last.version !== to.tag)
    return undefined;
  if (asksForData(settings, facts, last)) return undefined;
  const back = from?.tag ?? newest.to;
  return {
    title: `the rollback to ${to.tag} was undone, and the config still asks for it`,
    why: `${newest.operator} brought ${newest.to} and its data back at ${newest.at}`,
    mend: [
      `keep them: ${configSet(stack, "version", back)} && ${configRm(stack, "restore")}`,
      `or roll back once more: ${configSet(stack, "confirmRestore", "A-NEW-WORD")} && ${up(stack)}`,
    ],
  };
}

function faultOf(judged: Situation, facts: HostFacts, named: string): Fault | undefined {
  const backup = backupNamed(facts, named);
  if (backup === undefined) return missing(judged, facts, named);
  if (facts.restoreFault !== undefined) return { why: facts.restoreFault };
  return stillPrepared(judged) ?? migrationsUnknown(judged, backup) ?? serverUnsuitable(judged, backup);
}

/** A backup that the stack has not signed may have been written by anyone who can write among the backups. */
function missing(judged: Situation, facts: HostFacts, named: string): Fault {
  const damage = brokenNamed(facts.broken ?? [], named);
  return (
    notSigned(judged, facts, named) ?? {
      why: damage === undefined ? "there is no backup of that name" : `it cannot be relied on: ${damage}`,
    }
  );
}

function notSigned({ settings, stack }: Situation, { unsigned }: HostFacts, named: string): Fault | undefined {
  if (unsigned?.includes(named) !== true) return undefined;
  return {
    why: "it is not signed by this stack: somebody else may have written it",
    mend: [`where you know it as the stack's own: ${trust(stack, settings.dockerHost, named)}`],
  };
}

/** A database that has one cannot change its name. */
function stillPrepared({ facts, settings, stack }: Situation): Fault | undefined {
  const prepared = facts?.live?.prepared ?? [];
  if (prepared.length === 0) return undefined;
  const look = `exec ${nameOf(stack)}-postgres psql -U nestfleet -d nestfleet -c 'SELECT * FROM pg_prepared_xacts'`;
  return {
    why: heldBy(prepared),
    mend: [`end each in the database, with COMMIT PREPARED or ROLLBACK PREPARED: ${docker(settings.dockerHost, look)}`],
  };
}

/** Why a live database cannot be replaced. */
export function heldBy(prepared: readonly string[]): string {
  const names = prepared.map((gid) => oneLine(JSON.stringify(gid))).join(", ");
  return `the live database cannot be replaced while a prepared transaction has not been ended: ${names}`;
}

function migrationsUnknown({ facts, to }: Situation, { migrations }: BackupManifest): Fault | undefined {
  const known = facts?.target?.migrations.map(({ file }) => file);
  const unknown = known === undefined ? [] : beyond(migrations, known);
  if (unknown.length === 0) return undefined;
  return { why: `it was taken on a newer schema: it has ${unknown.join(", ")}, which ${to.tag} does not know` };
}

/** The server that runs counts: it is the one that restores. */
function serverUnsuitable({ facts, stack, from }: Situation, backup: BackupManifest): Fault | undefined {
  const why = facts?.database && unsuitable(backup, facts.database);
  if (why === undefined) return undefined;
  const first = from === undefined ? "first" : `first, with ${from.tag}`;
  const mend =
    why.lacks === "extension"
      ? `${first}, an image that has it: ${configSetPath(stack, "images.postgres", "IMAGE")} && ${up(stack)}`
      : `restore it into a new stack, whose nestfleet:images.postgres is of PostgreSQL ${Number.parseInt(backup.server, 10)}`;
  return { why: `it ${why.words}`, mend: [mend] };
}

/**
 * An older release on the schema of a newer one. It may work (allowSchemaAhead), lose rows or fail: the safe way back
 * takes the database along.
 */
export function schemaAhead(judged: Situation): Problem | undefined {
  const { facts, settings, stack, step, served, from, to, schema } = judged;
  if (facts?.database === undefined || step !== "rollback" || settings.allowSchemaAhead) return undefined;
  if (namedBackup(settings) !== undefined) return undefined; // it is restored, or told why not
  const fitting = newestFitting(facts, to);
  const ahead = schema?.ahead ?? (fitting && beyond(facts.database.applied, fitting.migrations));
  if (ahead?.length === 0) return undefined;
  if (ahead === undefined && settings.source === undefined) return undefined; // the missing image is reported
  const knows = ahead
    ? `the database has ${ahead.join(", ")}, which ${to.tag} does not know`
    : `which migrations ${to.tag} knows is not known before it is built`;
  const data = fitting
    ? `go back with the data of ${fitting.takenAt}: ${configSet(stack, "restore", fitting.id)} && ${up(stack)}`
    : `there is no backup of ${to.tag} to go back to`;
  const keep = `when the release notes of ${to.tag} allow it on the newer schema: ${configSet(stack, "allowSchemaAhead", "true")}`;
  return {
    title: `${from?.tag ?? "what runs"} → ${to.tag} goes back, and the schema is ahead of it`,
    why: [knows, ...leftOver(judged)].join("; "),
    mend: [
      ...(served ? [data, keep] : [keep, data]), // where nothing ever served, there are hardly data to go back to
      ...(from ? [stay(stack, from.tag)] : []),
    ],
  };
}

/** A backup that the config names, and that is of another release. */
function leftOver({ settings: { restore } }: Situation): string[] {
  const version = restore === undefined ? undefined : parseBackupId(restore)?.version;
  return version === undefined ? [] : [`the backup ${restore ?? ""} is of ${version} and does not count`];
}
