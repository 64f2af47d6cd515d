import { MIGRATIONS_TABLE } from "../records/tables";
import { configSet, keepVersion, up } from "../commands";
import { parseBackupId } from "../records/backup-id";
import { newestFitting } from "../records/backups";
import { breakingIn, type PlanContext } from "../plan-context";
import { namedBackup } from "../restore-request";
import { beyond } from "../sql/migrations";
import type { Strategy } from "../strategy";
import { firstOf } from "../words";
import { inDatabase } from "./database";
import type { GuardProblem } from "./problem";

/**
 * Refuses an older release on the schema of a newer one. It may work (allowSchemaAhead), lose rows or fail; the safe
 * rollback restores the old data, too.
 */
export function schemaAhead(context: PlanContext): GuardProblem | undefined {
  const { facts, settings, stack, step, served, from, to, schema } = context;
  if (facts?.database === undefined || step !== "rollback" || settings.allowSchemaAhead) return undefined;
  if (namedBackup(settings) !== undefined) return undefined; // that backup is restored, or `restoreUnusable` refuses
  const fitting = newestFitting(facts, to);
  const ahead = schema?.ahead ?? (fitting && beyond(facts.database.applied, fitting.migrations));
  if (ahead?.length === 0) return undefined;
  if (ahead === undefined && settings.source === undefined) return undefined; // the missing image is reported
  const knows = ahead
    ? `the database has ${ahead.join(", ")}, which ${to.tag} does not have`
    : `${to.tag} is built from source; its migrations are known only after the build`;
  const needs = ahead
    ? `needs the old data: the database has migrations that ${to.tag} does not have`
    : `may need the old data: the database may have migrations that ${to.tag} does not have`;
  const data = fitting
    ? `go back with the data of ${fitting.takenAt}: ${configSet(stack, "restore", fitting.id)} && ${up(stack)}`
    : `there is no backup of ${to.tag} to go back to`;
  const keep = `if the release notes of ${to.tag} allow these newer migrations: ${configSet(stack, "allowSchemaAhead", "true")}`;
  return {
    title: `rollback ${from?.tag ?? "of the running release"} → ${to.tag} ${needs}`,
    why: [knows, ...ofOtherRelease(context)].join("; "),
    fix: [
      ...(served ? [data, keep] : [keep, data]), // where no release ever served, there is hardly any data to go back to
      ...(from ? [keepVersion(stack, from.tag)] : []),
    ],
  };
}

/** Says that the config names a backup of another release. */
function ofOtherRelease({ settings: { restore }, to }: PlanContext): string[] {
  const version = restore === undefined ? undefined : parseBackupId(restore)?.version;
  return version === undefined
    ? []
    : [
        `nestfleet:restore names a backup of ${version} (${restore ?? ""}); it is ignored, because the target version is ${to.tag}`,
      ];
}

/** Warns of a rolling update in which the old release serves on the new schema until the cutover. */
export function sideBySide(context: PlanContext, strategy: Strategy): string[] {
  const { step, from } = context;
  const breaking = breakingIn(context);
  if (strategy !== "rolling" || step !== "upgrade" || breaking.length === 0) return [];
  return [
    `${breaking.join(", ")} may break ${from?.tag ?? "the running release"}, which serves until the new version has started; nestfleet:strategy recreate avoids that`,
  ];
}

/**
 * Warns, and does not refuse: an upgrade does not make this worse, because the running release does not have these
 * migrations either.
 */
export function schemaStaysAhead({ schema, settings, step, to, restore }: PlanContext): string[] {
  const ahead = schema?.ahead ?? [];
  const told = step === "upgrade" || (step === "rollback" && settings.allowSchemaAhead);
  return told && !restore && ahead.length > 0
    ? [`the database has migrations that ${to.tag} does not have: ${ahead.join(", ")}`]
    : [];
}

/**
 * Warns of unexplained entries: the application itself writes the table of applied migrations, so it is only as
 * reliable as the application.
 */
export function appliedByNobody({ schema, settings, stack, from, to }: PlanContext): string[] {
  const files = schema?.unexplained.map(({ file }) => file) ?? [];
  if (files.length === 0) return [];
  const look = inDatabase({ settings, stack }, { sql: `SELECT * FROM ${MIGRATIONS_TABLE}` });
  return [
    `the database counts ${firstOf(files)} of ${to.tag} as applied, which ${from?.tag ?? "the running release"} does not have and no update in the history has applied: ` +
      "a killed update has done so, or the entry was written by hand, and it will not run. " +
      `The strategy is chosen as if it would run; to look: ${look}`,
  ];
}
