import type { HostFacts } from "../facts";
import { backupNamed, brokenNamed, fittingBackups } from "../records/backups";
import { configRm, configSet, configSetPath, keepVersion, trust, up } from "../commands";
import type { BackupManifest } from "../records/manifest";
import { beyond } from "../sql/migrations";
import type { GuardProblem } from "./problem";
import { unsuitable } from "../records/compatibility";
import type { PlanContext } from "../plan-context";
import { namedBackup } from "../restore-request";
import { oneLine } from "../words";
import { inDatabase } from "./database";

/** How many backups are offered instead of one that cannot be used, the newest first. */
const OFFERED = 3;

/** Why a backup cannot be restored here, and what would make it usable; other backups are offered beside that. */
interface Fault {
  readonly why: string;
  readonly fix?: readonly string[];
}

/**
 * Refuses where the config names a backup of the target release that cannot be used. The program does not choose
 * another backup by itself. What is not known, because the database does not run, does not count as a fault.
 */
export function restoreUnusable(context: PlanContext): GuardProblem | undefined {
  const { facts, settings, stack, step, from, to } = context;
  const named = namedBackup(settings);
  if (facts?.database === undefined || named === undefined || (step !== "rollback" && step !== "restore"))
    return undefined;
  const fault = faultOf(context, facts, named);
  if (fault === undefined) return undefined;
  const others = fittingBackups(facts, to).filter(({ id }) => id !== named);
  const offered = others.slice(-OFFERED).reverse();
  return {
    title: `the backup ${named} cannot be restored`,
    why: fault.why,
    fix: [
      ...(fault.fix ?? []),
      ...offered.map(({ id, takenAt }) => `restore the backup of ${takenAt}: ${configSet(stack, "restore", id)}`),
      ...(others.length === 0 ? [`there is no other backup of ${to.tag} that fits`] : []),
      ...(step === "restore" ? [`or leave the data as they are: ${configRm(stack, "confirmRestore")}`] : []),
      ...(step === "rollback" && from ? [keepVersion(stack, from.tag)] : []),
    ],
  };
}

function faultOf(context: PlanContext, facts: HostFacts, named: string): Fault | undefined {
  const backup = backupNamed(facts, named);
  if (backup === undefined) return missing(context, facts, named);
  if (facts.restoreFault !== undefined) return { why: facts.restoreFault };
  return stillPrepared(context) ?? migrationsUnknown(context, backup) ?? serverUnsuitable(context, backup);
}

/** A backup that the stack has not signed may come from any program that can write to the backups' directory. */
function missing(context: PlanContext, facts: HostFacts, named: string): Fault {
  const damage = brokenNamed(facts.broken ?? [], named);
  return (
    notSigned(context, facts, named) ?? {
      why: damage === undefined ? "there is no backup of that name" : `it cannot be relied on: ${damage}`,
    }
  );
}

function notSigned({ settings, stack }: PlanContext, { unsigned }: HostFacts, named: string): Fault | undefined {
  if (unsigned?.includes(named) !== true) return undefined;
  return {
    why: "it is not signed by this stack, so another program may have written it",
    fix: [`if you know that it is this stack's own: ${trust(stack, settings.dockerHost, named)}`],
  };
}

/** A database with a prepared transaction cannot be renamed. */
function stillPrepared({ facts, settings, stack }: PlanContext): Fault | undefined {
  const prepared = facts?.live?.prepared ?? [];
  if (prepared.length === 0) return undefined;
  const look = inDatabase({ settings, stack }, { sql: "SELECT * FROM pg_prepared_xacts" });
  return {
    why: heldBy(prepared),
    fix: [`end each in the database, with COMMIT PREPARED or ROLLBACK PREPARED: ${look}`],
  };
}

/** Says why a live database with prepared transactions cannot be replaced. */
export function heldBy(prepared: readonly string[]): string {
  const names = prepared.map((gid) => oneLine(JSON.stringify(gid))).join(", ");
  return `the live database cannot be replaced while a prepared transaction has not been ended: ${names}`;
}

function migrationsUnknown({ facts, to }: PlanContext, { migrations }: BackupManifest): Fault | undefined {
  const known = facts?.target?.migrations.map(({ file }) => file);
  const unknown = known === undefined ? [] : beyond(migrations, known);
  if (unknown.length === 0) return undefined;
  return { why: `it was taken with newer migrations: it has ${unknown.join(", ")}, which ${to.tag} does not have` };
}

/** The running server decides, because it carries out the restore. */
function serverUnsuitable({ facts, stack, from }: PlanContext, backup: BackupManifest): Fault | undefined {
  const why = facts?.database && unsuitable(backup, facts.database);
  if (why === undefined) return undefined;
  const when = from === undefined ? "first" : `first, with ${from.tag},`;
  const fix =
    why.lacks === "extension"
      ? `${when} set an image that has it: ${configSetPath(stack, "images.postgres", "IMAGE")} && ${up(stack)}`
      : `restore it into a new stack whose nestfleet:images.postgres is PostgreSQL ${Number.parseInt(backup.server, 10)}`;
  return { why: `it ${why.words}`, fix: [fix] };
}
