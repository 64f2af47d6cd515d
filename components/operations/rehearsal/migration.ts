import { APPLIED_MIGRATIONS } from "../../host/database/psql";
import { APPLICATION_ROLE, DATABASE, sessionName } from "../../release/names";
import type { Database } from "../../host/database/database";
import { indented, Refusal, say, sleep } from "../../host/output";
import { Session } from "../../host/database/session";
import type { Throwaway } from "../../host/database/throwaway";

/** The new release's migrations, which are run on a temporary server. */
export interface MigrationRun {
  /** Reference or id of the api image. */
  readonly image: string;
  readonly command: readonly string[];
  /** The migrations that the copy has. */
  readonly applied: readonly string[];
  readonly signal: AbortSignal;
}

export interface TimedMigration {
  readonly file: string;
  readonly seconds: number;
}

const POLL_MS = 100;
const LOG_LINES = 20;
/** Matches a line that tells of an error, in the words of the server, of its driver or of the application. */
const TELLING = /\b(error|fatal|fail(ed|s|ure)?|violates?|detail|hint|exception|denied|does not exist|SQLSTATE)\b/i;
/** Matches what PostgreSQL answers to a role that is not a superuser. */
const DENIED = /permission denied|must be (?:owner of|superuser|able to)|only superusers? /i;
const ABOUT_ROLE = `The migrations run as ${APPLICATION_ROLE}, which is not a superuser; if one of them needs more rights: docs/upgrade.md, "Roles of the database".`;
/** A migration may print a line for every row: its output is read to the end, and only the last lines are kept. */
const LINES_KEPT = 500;

/**
 * Selects the applied migrations. The first row is `started` when a client is connected: then the image has started.
 */
const PROGRESS = `
  SELECT 'started' FROM pg_stat_activity
    WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid() LIMIT 1;
  ${APPLIED_MIGRATIONS}`;

/** Runs the image's own migrate command on a temporary server. */
export async function runMigrations(
  throwaway: Throwaway,
  database: Database,
  { image, command, applied, signal }: MigrationRun,
): Promise<TimedMigration[]> {
  const log: string[] = [];
  const ended = throwaway.command(image, command, (line) => {
    if (log.push(line) > LINES_KEPT) log.shift();
  });
  const timed = await watch(database, applied, ended, signal);
  const { exitCode } = await ended;
  signal.throwIfAborted();
  if (exitCode !== 0) throw new Refusal(failure(exitCode, log));
  return timed;
}

/** Notes when each migration is applied. A migration's time is the time since the migration before it was applied. */
async function watch(
  database: Database,
  applied: readonly string[],
  ended: Promise<unknown>,
  signal: AbortSignal,
): Promise<TimedMigration[]> {
  const session = new Session(database, sessionName("rehearsal"), DATABASE, signal);
  const known = new Set(applied);
  const timed: TimedMigration[] = [];
  let since: number | undefined;
  const look = async () => {
    const [first, ...rest] = await session.query(PROGRESS);
    if (first === "started") since ??= Date.now();
    const files = first === undefined || first === "started" ? rest : [first, ...rest];
    const arrived = files.filter((file) => !known.has(file));
    for (const file of arrived) {
      known.add(file);
      // Migrations that were applied between two queries share the time.
      const seconds = (Date.now() - (since ?? Date.now())) / 1000 / arrived.length;
      timed.push({ file, seconds });
      say(`rehearsal: ${file} takes ${seconds.toFixed(1)} s`);
    }
    if (arrived.length > 0) since = Date.now();
  };
  try {
    const over = ended.then(() => true);
    do await look();
    while (!(await Promise.race([over, sleep(POLL_MS).then(() => false)])));
    await look();
    return timed;
  } finally {
    await session.close();
  }
}

/** Words the failure. It quotes the last lines that tell of an error, or the last lines of the log when none does. */
function failure(exitCode: number, log: readonly string[]): string {
  const telling = log.filter((line) => TELLING.test(line));
  const shown = (telling.length > 0 ? telling : log).slice(-LOG_LINES).join("\n");
  const why = shown === "" ? "It said nothing." : `It said:\n${indented(shown)}`;
  const more = shown.search(DENIED) < 0 ? "" : `\n${ABOUT_ROLE}`;
  return `the migrations fail on a copy of the data (exit code ${exitCode}). ${why}${more}`;
}
