import type { DockerClient } from "../docker/client";
import { jsonIn } from "../docker/errors";
import { parseReplacedComment, type ReplacedDatabase, replacedAtByName } from "../../release/records/replaced";
import { COLLATIONS, collationsIn } from "./collations";
import { lines } from "./database";
import { inspectDisks } from "./disks";
import type { DatabaseFacts } from "../../release/facts";
import { TO_HAND_OVER } from "./ownership";
import { APPLIED_MIGRATIONS, psql, psqlEach } from "./psql";
import { INSTALLED_EXTENSIONS, SERVER } from "./server";
import { APPLICATION_COMMENT, APPLICATION_ROLE, REPLACED_PREFIX } from "../../release/names";

const SQL = `
  SELECT json_build_object(
    'sizeBytes', pg_database_size(current_database()),
    ${SERVER},
    'installed', ${INSTALLED_EXTENSIONS},
    'application', (
      SELECT json_build_object('superuser', r.rolsuper, 'ours', coalesce(shobj_description(r.oid, 'pg_authid') = '${APPLICATION_COMMENT}', false))
        FROM pg_roles r WHERE r.rolname = '${APPLICATION_ROLE}'));
  ${TO_HAND_OVER}`;

const REPLACED = `
  SELECT json_build_object('name', datname, 'bytes', pg_database_size(oid), 'comment', shobj_description(oid, 'pg_database'))
    FROM pg_database WHERE starts_with(datname, '${REPLACED_PREFIX}') ORDER BY datname COLLATE "C";`;

type Told = Pick<DatabaseFacts, "sizeBytes" | "major" | "extensions" | "installed"> & {
  readonly application: DatabaseFacts["application"] | null;
};

/** Reads what a plan needs to know about the database that runs in `postgres`. */
export async function inspectDatabase(docker: DockerClient, postgres: string): Promise<DatabaseFacts> {
  const [[facts = "", applied = "", replaced = "", collations = ""], disks] = await Promise.all([
    psqlEach(docker, postgres, [SQL, APPLIED_MIGRATIONS, REPLACED, COLLATIONS]),
    inspectDisks(docker, postgres),
  ]);
  const [known = "{}", ofSuperuser = ""] = facts.split("\n");
  const { application, ...told } = jsonIn(known, "exec") as Told;
  return {
    ...told,
    application: application ?? undefined,
    ofSuperuser: Number(ofSuperuser),
    applied: lines(applied),
    replaced: replacedIn(replaced),
    collations: collationsIn(collations),
    disks,
  };
}

/** Gives the file names of the applied migrations, in the order in which they run. */
export async function appliedMigrations(docker: DockerClient, postgres: string): Promise<string[]> {
  return lines(await psql(docker, postgres, APPLIED_MIGRATIONS));
}

interface Described {
  readonly name: string;
  readonly bytes: number;
  readonly comment: string | null;
}

/** Lists the databases that restores have replaced, oldest first. */
export async function replacedDatabases(docker: DockerClient, postgres: string): Promise<ReplacedDatabase[]> {
  return replacedIn(await psql(docker, postgres, REPLACED));
}

/**
 * Reads the server's answer about these databases. The time comes from the name where the comment does not have it. A
 * role that may create databases may use a similar name, and the names are used in statements and messages, so they are
 * checked.
 */
function replacedIn(answer: string): ReplacedDatabase[] {
  return lines(answer).flatMap((line) => {
    const { name, bytes, comment } = jsonIn(line, "exec") as Described;
    const named = replacedAtByName(name);
    if (named === undefined) return [];
    const { version, replacedAt, images } = parseReplacedComment(comment) ?? {};
    return [{ name, bytes, version, images, replacedAt: replacedAt ?? named }];
  });
}
