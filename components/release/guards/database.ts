import { psql, type Psql } from "../commands";
import { namesOf } from "../names";
import type { PlanContext } from "../plan-context";

/** A statement for a person to run in the database of the stack that is planned for. */
export function inDatabase(
  { settings, stack }: Pick<PlanContext, "settings" | "stack">,
  statement: Omit<Psql, "container" | "host">,
): string {
  return psql({ container: namesOf(stack).containers.postgres, host: settings.dockerHost, ...statement });
}
