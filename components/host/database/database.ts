import type { DockerClient } from "../docker/client";
import { DockerError } from "../docker/errors";
import { psqlIn } from "./psql";
import { DATABASE } from "../../release/names";
import { docker as command, pulumi } from "../../release/commands";
import { inspectContainer } from "../docker/containers";
import { type Ended, Execution, type ExecutionOptions } from "../docker/execution";
import { Refusal } from "../output";
/**
 * The database for sessions that do not use the application's data. It exists on every server, and is never renamed.
 */
export const MAINTENANCE = "postgres";

/**
 * Shell that ends a command together with its docker client. The process that `docker exec` starts does not end with
 * the client: a dump would go on for hours after the script was killed. Its input, however, ends, and this stops the
 * command.
 *
 * The shell waits for all of its children. An orphan would become a child of process 1, which is PostgreSQL itself: up
 * to version 17, it takes an unknown child that a signal has ended for a crashed backend, and restarts the whole
 * server.
 */
const DIES_WITH_CLIENT = `
  umask 077
  exec 3<&0
  "$@" </dev/null 3<&- &
  child=$!
  { read -r _ <&3; kill "$child"; } >/dev/null 2>&1 &
  watcher=$!
  status=0
  wait "$child" || status=$?
  kill "$watcher" 2>/dev/null
  wait "$watcher" 2>/dev/null
  exit "$status"`;

/**
 * The database's own container, in which all work is done: it has the tools of the server's version, reaches the server
 * over its local socket without a password, and sees the backups, from wherever the operator works.
 */
export class Database {
  public constructor(
    public readonly docker: DockerClient,
    public readonly container: string,
  ) {}

  /** Refuses when the container does not exist or does not run. */
  public async mustRun(): Promise<void> {
    const found = await inspectContainer(this.docker, this.container);
    if (found === undefined)
      throw new Refusal(`there is no container ${this.container}; \`${pulumi("up")}\` creates it`);
    if (!found.State.Running)
      throw new Refusal(
        `the database does not run; start it with: ${command(this.docker.host, `start ${this.container}`)}`,
      );
  }

  /** Runs statements, each on its own, and returns the lines of their answers. */
  public async query(sql: string, database = DATABASE): Promise<string[]> {
    return lines(await this.docker.run(psqlIn(this.container, database), `${sql}\n`));
  }

  /** Runs a shell script, with its arguments in `$1`, `$2`, …, never in its text. */
  public async shell(script: string, args: readonly string[] = [], stdin = ""): Promise<string> {
    return this.docker.run(["exec", "-i", this.container, "sh", "-euc", script, "-", ...args], stdin);
  }

  /** Runs a long command. It ends with the script, even when the script is killed. Only root can read its files. */
  public async run(command: readonly string[], options: ExecutionOptions = {}): Promise<Ended> {
    options.signal?.throwIfAborted();
    const execution = new Execution(
      this.docker,
      ["exec", "-i", this.container, "sh", "-c", DIES_WITH_CLIENT, "-", ...command],
      options,
    );
    const ended = await execution.ended;
    execution.close();
    options.signal?.throwIfAborted();
    return ended;
  }

  /** Starts psql on one connection, for statements that need the same session. */
  public converse(application: string, database: string, options: ExecutionOptions): Execution {
    const named = psqlIn(this.container, database, ["--env", "PGAPPNAME"]);
    return new Execution(this.docker, named, { ...options, environment: { PGAPPNAME: application } });
  }

  /** Ends every session under a name, and waits until they are gone. */
  public async endSessions(application: string): Promise<void> {
    await this.query(
      `DO $$
       BEGIN
         FOR attempt IN 1..100 LOOP
           PERFORM pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = '${application}';
           EXIT WHEN NOT FOUND;
           PERFORM pg_sleep(0.05);
           PERFORM pg_stat_clear_snapshot();
         END LOOP;
       END $$`,
      MAINTENANCE,
    );
  }
}

/** Gives the error message of a failed command, without words of ours. */
export function complaint(error: unknown): string {
  if (error instanceof DockerError) return error.stderr.trim() || `it exits with code ${error.exitCode ?? "unknown"}`;
  return error instanceof Error ? error.message : String(error);
}

/** Quotes a name for a statement. */
export function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** Quotes a text for a statement. In our sessions, a backslash has no special meaning. */
export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

export function lines(text: string): string[] {
  return text.split("\n").filter(Boolean);
}
