import { psql, type Psql } from "../commands";
import { namesOf } from "../names";
import type { PlanContext } from "../plan-context";

/** The command with which an operator runs a statement in the database of the planned stack. */
export function inDatabase(
  { settings, stack }: Pick<PlanContext, "settings" | "stack">,
  statement: Omit<Psql, "container" | "host">,
): string {
  return psql({ container: namesOf(stack).containers.postgres, host: settings.dockerHost, ...statement });
}
