import type { DockerClient } from "../docker/client";
import type { DatabaseFacts } from "./facts";

const SQL = `
  SELECT json_build_object(
    'sizeBytes', pg_database_size(current_database()),
    'major', current_setting('server_version_num')::int / 10000,
    'hasMigrations', to_regclass('nestfleet_migrations') IS NOT NULL)`;

/** What a plan needs to know of the database that runs in `postgres`. */
export async function inspectDatabase(docker: DockerClient, postgres: string): Promise<DatabaseFacts> {
  const psql = (sql: string) =>
    docker.run(["exec", postgres, "psql", "-U", "nestfleet", "-d", "nestfleet", "-XtAc", sql]);
  const [facts, disks] = await Promise.all([psql(SQL), diskSpace(docker, postgres)]);
  const { hasMigrations, ...known } = JSON.parse(facts) as { sizeBytes: number; major: number; hasMigrations: boolean };
  const applied = hasMigrations ? await psql("SELECT filename FROM nestfleet_migrations ORDER BY filename") : "";
  return { ...known, applied: applied.split("\n").filter(Boolean), ...disks };
}

/** In POSIX form, because BusyBox's df knows no other: device, blocks of 1024 bytes, used, free. */
async function diskSpace(docker: DockerClient, postgres: string) {
  const table = await docker.run(["exec", postgres, "df", "-Pk", "/var/lib/postgresql/data", "/backups"]);
  const [data, backups] = table
    .trim()
    .split("\n")
    .slice(1)
    .map((line) => line.split(/\s+/));
  const bytes = (columns?: string[]) => Number(columns?.[3] ?? 0) * 1024;
  return { freeDataBytes: bytes(data), freeBackupBytes: bytes(backups), sameFileSystem: data?.[0] === backups?.[0] };
}
