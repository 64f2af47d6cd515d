import { APPLIED_MIGRATIONS } from "../../host/database/psql";
import type { Definition } from "../../release/records/definition";
import { definitionOf } from "../../host/database/definition";
import { INSTALLED_EXTENSIONS } from "../../host/database/server";
import type { Session } from "../../host/database/session";

/** The database at one moment: its dump and the count of its rows agree, whatever is written meanwhile. */
export interface Snapshot {
  /** With it, pg_dump sees the same moment, as long as the session that exported the snapshot is open. */
  readonly id: string;
  /** Seconds since 1970, by the clock of the Docker host. */
  readonly takenAt: number;
  readonly databaseBytes: number;
  readonly server: string;
  readonly extensions: Record<string, string>;
  readonly migrations: string[];
  readonly tables: number;
  readonly definition: Definition;
}

const BEGIN = `
  SET lock_timeout = '60s';
  BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;`;

const DESCRIBE = `
  SELECT json_build_object(
    'id', pg_export_snapshot(),
    'takenAt', extract(epoch FROM now()),
    'databaseBytes', pg_database_size(current_database()),
    'server', split_part(current_setting('server_version'), ' ', 1),
    'extensions', ${INSTALLED_EXTENSIONS},
    'tables', (SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                WHERE c.relkind IN ('r', 'p') AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'));`;

export async function takeSnapshot(session: Session): Promise<Snapshot> {
  await session.query(BEGIN);
  const [described = ""] = await session.query(DESCRIBE);
  const migrations = await session.query(APPLIED_MIGRATIONS);
  const definition = await definitionOf(session);
  return { ...(JSON.parse(described) as Omit<Snapshot, "migrations" | "definition">), migrations, definition };
}
