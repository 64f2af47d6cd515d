import { LOW_WEIGHT, passing } from "../../components/docker/hardening";
import { LABEL } from "../../components/docker/labels";
import { type Database, ROLE } from "./database";
import { Execution } from "./execution";
import { createIsolatedNetwork } from "./isolated-network";
import { unlessGone } from "./removal";
import { indented, Refusal, say, sleep } from "./run";
import { withheld } from "./secrecy";
import { Session } from "./session";

/** The new release's migrations, run where they can do no harm. */
export interface MigrationRun {
  /** Name of the network and of the container that are made for it. */
  readonly name: string;
  readonly stack: string;
  /** Reference or id of the api image. */
  readonly image: string;
  readonly command: readonly string[];
  /** What the application cannot start without; nothing with which it could reach the world. */
  readonly environment: Readonly<Record<string, string>>;
  readonly password: string;
  /** The database to migrate, and the migrations that it has. */
  readonly scratch: string;
  readonly applied: readonly string[];
}

export interface TimedMigration {
  readonly file: string;
  readonly seconds: number;
}

const POLL_MS = 100;
const ABSENT = /no such (container|network)|not found|is not connected/i;
const LOG_LINES = 20;
/** What a line about a failed statement has in it: the server's words, the driver's, the application's. */
const TELLING = /\b(error|fatal|fail(ed|s|ure)?|violates?|detail|hint|exception|denied|does not exist|SQLSTATE)\b/i;

/** Applied migrations; the table is there from the first one on. Someone at work shows that the image has started. */
const PROGRESS = `
  SELECT 'started' FROM pg_stat_activity
    WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid() LIMIT 1;
  SELECT 'SELECT filename FROM nestfleet_migrations ORDER BY filename COLLATE "C";'
    WHERE to_regclass('nestfleet_migrations') IS NOT NULL
  \\gexec`;

/**
 * Runs the image's own migrate command against the scratch database, on a network of which the only other member is
 * the database's container: without a way out, it can neither call anybody nor find the live application.
 */
export async function runMigrations(
  database: Database,
  asked: MigrationRun,
  signal: AbortSignal,
): Promise<TimedMigration[]> {
  const { docker, container } = database;
  await createIsolatedNetwork(docker, asked.name);
  await docker.run(["network", "connect", "--alias", "postgres", asked.name, container]);
  const url = `postgres://${ROLE}:${encodeURIComponent(asked.password)}@postgres:5432/${asked.scratch}`;
  const environment = { ...asked.environment, DATABASE_URL: url };
  const log: string[] = [];
  const hear = (line: string) => void log.push(line);
  const execution = new Execution(docker, containerArguments(asked, Object.keys(environment)), {
    environment,
    signal,
    onLine: hear,
    onErrorLine: hear,
  });
  const timed = await watch(database, asked, execution.ended, signal);
  const { exitCode } = await execution.ended;
  signal.throwIfAborted();
  if (exitCode !== 0) throw new Refusal(failure(exitCode, log, environment));
  return timed;
}

/** Removes what a run leaves when it is killed; each may be missing. A container does not die with its client. */
export async function removeMigrationRun(database: Database, name: string): Promise<void> {
  const { docker, container } = database;
  await unlessGone(docker.run(["rm", "--force", "--volumes", name]), ABSENT);
  await unlessGone(docker.run(["network", "disconnect", "--force", name, container]), ABSENT);
  await unlessGone(docker.run(["network", "rm", name]), ABSENT);
}

function containerArguments({ name, stack, image, command }: MigrationRun, variables: readonly string[]): string[] {
  return [
    "run",
    "--rm",
    "--pull=never",
    `--name=${name}`,
    `--network=${name}`,
    `--label=${LABEL}.stack=${stack}`,
    `--label=${LABEL}.role=rehearsal`,
    ...passing(),
    LOW_WEIGHT,
    ...variables.map((variable) => `--env=${variable}`),
    image,
    ...command,
  ];
}

/** Sees each migration arrive, while the image runs; a migration takes from the arrival of the one before to its own. */
async function watch(
  database: Database,
  { scratch, applied }: MigrationRun,
  ended: Promise<unknown>,
  signal: AbortSignal,
): Promise<TimedMigration[]> {
  const session = new Session(database, "nestfleet-rehearsal", scratch, signal);
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
      // Several that arrive between two looks share the time.
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

/** The lines that tell of the error, with what follows a multi-line one; all of the last lines when none does. */
function failure(exitCode: number, log: readonly string[], environment: Readonly<Record<string, string>>): string {
  const telling = log.filter((line) => TELLING.test(line));
  const shown = (telling.length > 0 ? telling : log).slice(-LOG_LINES).join("\n");
  const why = shown === "" ? "It said nothing." : `It said:\n${indented(withheld(shown, environment))}`;
  return `the migrations fail on a copy of the data (exit code ${exitCode}). ${why}`;
}
