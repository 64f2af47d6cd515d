import type { DockerClient } from "../docker/client";
import { BACKUPS_PATH } from "../../release/records/backup-id";
import {
  parseReplacedComment,
  REPLACED_PREFIX,
  type ReplacedDatabase,
  replacedAtByName,
} from "../../release/records/replaced";
import { inspectCollations } from "./collations";
import { DATA_DIRECTORY } from "./data-volume";
import type { DatabaseFacts, Disk, Disks } from "../../release/facts";
import { TO_HAND_OVER } from "./ownership";
import { APPLIED_MIGRATIONS, psql } from "./psql";
import { APPLICATION_COMMENT, APPLICATION_ROLE } from "../../release/names";

const SQL = `
  SELECT json_build_object(
    'sizeBytes', pg_database_size(current_database()),
    'major', current_setting('server_version_num')::int / 10000,
    'extensions', (SELECT json_object_agg(name, default_version) FROM pg_available_extensions),
    'installed', (SELECT json_object_agg(extname, extversion) FROM pg_extension),
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

/** What a plan needs to know of the database that runs in `postgres`. */
export async function inspectDatabase(docker: DockerClient, postgres: string): Promise<DatabaseFacts> {
  const [facts, applied, replaced, disks, collations] = await Promise.all([
    psql(docker, postgres, SQL),
    appliedMigrations(docker, postgres),
    replacedDatabases(docker, postgres),
    diskSpace(docker, postgres),
    inspectCollations(docker, postgres),
  ]);
  const [known = "{}", ofSuperuser = ""] = facts.split("\n");
  const { application, ...told } = JSON.parse(known) as Told;
  return {
    ...told,
    application: application ?? undefined,
    ofSuperuser: Number(ofSuperuser),
    applied,
    replaced,
    collations,
    disks,
  };
}

/** File names, in the order in which they run. */
export async function appliedMigrations(docker: DockerClient, postgres: string): Promise<string[]> {
  return (await psql(docker, postgres, APPLIED_MIGRATIONS)).split("\n").filter(Boolean);
}

interface Described {
  readonly name: string;
  readonly bytes: number;
  readonly comment: string | null;
}

/**
 * What restores have replaced, oldest first. Its name says when that was where its comment does not. Whoever may create
 * databases may name one nearly so, and what comes back is used in statements and on screens.
 */
export async function replacedDatabases(docker: DockerClient, postgres: string): Promise<ReplacedDatabase[]> {
  const answers = (await psql(docker, postgres, REPLACED)).split("\n").filter(Boolean);
  return answers.flatMap((answer) => {
    const { name, bytes, comment } = JSON.parse(answer) as Described;
    const named = replacedAtByName(name);
    if (named === undefined) return [];
    const { version, replacedAt, images } = parseReplacedComment(comment) ?? {};
    return [{ name, bytes, version, images, replacedAt: replacedAt ?? named }];
  });
}

/** A file that Docker mounts into every container, from its own directory. */
const OF_DOCKER = "/etc/hosts";

/** In POSIX form, because BusyBox's df knows no other: device, blocks of 1024 bytes, used, free. */
async function diskSpace(docker: DockerClient, postgres: string): Promise<Disks> {
  const asked = `df -Pk ${DATA_DIRECTORY} "$1" "$2"`;
  const table = await docker.run(["exec", postgres, "sh", "-c", asked, "-", BACKUPS_PATH, OF_DOCKER]);
  const rows = table.trim().split("\n").slice(1);
  const disk = (index: number): Disk => {
    const [device = "", , , free = "0"] = (rows[index] ?? "").split(/\s+/);
    return { device, freeBytes: Number(free) * 1024 };
  };
  return { data: disk(0), backups: disk(1), docker: disk(2) };
}
