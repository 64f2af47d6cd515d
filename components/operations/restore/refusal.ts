import { LOADER } from "../../release/names";
import { type Database, identifier, MAINTENANCE } from "../../host/database/database";
import { Refusal } from "../../host/output";
import { brokenRule, failedObject, firstError, foreignKeys, restoreFailure, type Violation } from "./failure";
import { Unrestorable } from "./outcome";
import { foreignKeySteps, type Plan } from "./passes";
import { doSteps, type Filling } from "./steps";
import { describeViolations } from "./violations";

/** A restore that has failed. */
interface Failed {
  readonly filling: Filling;
  /** The live database, in which an operator finds the rows at fault. */
  readonly live: Database;
  /** Error output of pg_restore and psql. */
  readonly said: string;
  /** Undefined if the restore failed before its plan was made. */
  readonly plan: Plan | undefined;
}

/** Says why a backup cannot be restored. A failure of the server says nothing about the backup. */
export async function refusalOf({ filling, live, said, plan }: Failed): Promise<Refusal> {
  const { database, id } = filling;
  const failure = restoreFailure(said);
  const broken = brokenRule(said);
  const what = `the backup ${id} cannot be restored`;
  const [, role] = /role "([^"]+)" does not exist/.exec(said) ?? [];
  if (role !== undefined)
    return new Refusal(
      `${what}: the server has no role ${role}. Make it first: CREATE ROLE ${identifier(role)} NOLOGIN`,
    );
  if (failure.kind === "login") return new Refusal(`${what}: ${await notLetIn(database)}: ${firstError(said)}`);
  if (failure.kind === "rights") return new Unrestorable(`${what}: ${lackingRight(said)}`);
  if (failure.kind === "rows" || broken !== undefined) {
    const first = failure.kind === "rows" ? failure.violations : broken === undefined ? [] : [broken];
    const all = failure.kind === "rows" && plan !== undefined ? await brokenForeignKeys(filling, plan) : first;
    return new Unrestorable(`${what}: ${await describeViolations(live, all.length > 0 ? all : first)}`);
  }
  return failure.kind === "names" ? new Unrestorable(`${what}: ${said}`) : new Refusal(`${what}: ${said}`);
}

async function notLetIn(database: Database): Promise<string> {
  const [file = "pg_hba.conf"] = await database.query("SHOW hba_file", MAINTENANCE);
  return `the server does not let ${LOADER} in over its own socket; this role loads the rows. Add to ${file} of ${database.container}, before all other lines: local all ${LOADER} trust, then run SELECT pg_reload_conf()`;
}

function lackingRight(said: string): string {
  return `code that runs when rows are loaded or checked runs as the owner of the table, which lacks a right for it (${failedObject(said) ?? "a rule"}): ${said}`;
}

/**
 * Finds all foreign keys that the rows violate, and not only the first: the rows are loaded, and the keys to which they
 * refer exist.
 */
async function brokenForeignKeys(filling: Filling, plan: Plan): Promise<Violation[]> {
  const all = { ...filling, way: "pg_restore", flags: [], directly: [] } as const;
  const found: Violation[] = [];
  for (const steps of foreignKeySteps(plan)) {
    const { failure } = await doSteps(all, steps);
    found.push(...foreignKeys(failure ?? ""));
  }
  return found;
}
