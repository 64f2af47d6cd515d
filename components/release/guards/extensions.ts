import { configSetPath } from "../commands";
import { missingExtension, olderThan } from "../records/compatibility";
import type { PlanContext } from "../plan-context";
import { inDatabase } from "./database";
import type { GuardProblem } from "./problem";

/** An extension whose library is older than its objects in the database fails, or reads its data wrongly. */
export function extensionsOlder({ facts, settings, stack }: PlanContext): GuardProblem | undefined {
  const other = facts?.otherImages?.find(({ role, moved }) => role === "postgres" && !moved);
  const has = other?.wanted.extensions;
  const missing = has && missingExtension(facts?.database?.installed ?? {}, has);
  if (missing === undefined) return undefined;
  const running = facts?.containers.find(({ role }) => role === "postgres")?.version;
  return {
    title: `${settings.images.postgres} does not have what the database uses`,
    why: `the database has ${missing}`,
    fix: [
      `name an image that has it: ${configSetPath(stack, "images.postgres", "IMAGE")}`,
      ...(running === undefined ? [] : [`or stay: ${configSetPath(stack, "images.postgres", running)}`]),
    ],
  };
}

/** Warns where the server's image has a newer version of an extension than the database. */
export function extensionsBehind({ facts, settings, stack }: PlanContext): string[] {
  const { installed = {}, extensions = {} } = facts?.database ?? {};
  const behind = Object.entries(installed).flatMap(([name, version]) => {
    const has = extensions[name];
    return has !== undefined && olderThan(version, has) ? [{ name, version, has }] : [];
  });
  return behind.map(({ name, version, has }) => {
    const update = inDatabase({ settings, stack }, { sql: `ALTER EXTENSION "${name}" UPDATE` });
    return `the extension ${name} is ${version} in the database, the image has ${has}: ${update}`;
  });
}
