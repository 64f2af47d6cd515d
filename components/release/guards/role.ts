import { APPLICATION_ROLE, SUPERUSER } from "../names";
import { up } from "../commands";
import type { GuardProblem } from "./problem";
import type { PlanContext } from "../plan-context";
import { inDatabase } from "./database";

/** The superuser that the database's image makes is the role that makes the application's role. */
export function superuserMissing({ facts, settings, stack }: PlanContext): GuardProblem | undefined {
  if (facts?.superuserMissing !== true) return undefined;
  return {
    title: `the role ${SUPERUSER} is not a superuser of the database`,
    why: `it makes the role as which the application works, takes the backups and restores them`,
    fix: [
      `make it one, as another superuser: ${typed({ settings, stack }, `ALTER ROLE ${SUPERUSER} SUPERUSER`, "SUPERUSER")}`,
      `then ${up(stack)}`,
    ],
  };
}

/** Refuses to take over a foreign role: it would get a password and a database that its owner does not expect. */
export function roleTaken({ facts, settings, stack }: PlanContext): GuardProblem | undefined {
  if (facts?.database?.application?.ours !== false) return undefined;
  return {
    title: `the database has a role ${APPLICATION_ROLE} that this program has not made`,
    why: `the application works as a role of that name, which gets its password and owns its tables`,
    fix: [
      `give that role another name: ${typed({ settings, stack }, `ALTER ROLE ${APPLICATION_ROLE} RENAME TO former_app`)}`,
      `then ${up(stack)}`,
    ],
  };
}

/** Warns before the superuser loses its password, because an operator may use it. */
export function roleComes({ facts, stack, step, settings }: PlanContext): string[] {
  const database = facts?.database;
  if (database === undefined || database.application !== undefined) return [];
  if (step === "install" && database.applied.length === 0) return [];
  return [
    `from this update on the application works as ${APPLICATION_ROLE}, which is not a superuser and owns the database and what ${SUPERUSER} has in it (${database.ofSuperuser} objects): requests to a table may wait for 1.5 s meanwhile. ` +
      `Once it has succeeded, ${SUPERUSER} has no password any more: a program of yours that logs in with it over the network needs a role of its own, such as reports: ` +
      `${typed({ settings, stack }, "CREATE ROLE reports LOGIN")}, then its password with \\password, and its rights (docs/operations.md, "Roles of the database")`,
  ];
}

/** Warns where the application's role is a superuser: a migration may need that once, but it must not stay so. */
export function roleIsSuperuser({ facts, stack, settings }: PlanContext): string[] {
  if (facts?.database?.application?.superuser !== true) return [];
  return [
    `${APPLICATION_ROLE}, as which the application works, is a superuser: a vulnerability of the application would give away the whole database server. To end that: ` +
      typed({ settings, stack }, `ALTER ROLE ${APPLICATION_ROLE} NOSUPERUSER`),
  ];
}

function typed(stack: Pick<PlanContext, "settings" | "stack">, sql: string, role?: string): string {
  return inDatabase(stack, { sql, database: "postgres", ...(role !== undefined && { role }) });
}
