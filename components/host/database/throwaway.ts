import { randomBytes } from "node:crypto";
import type { DockerClient } from "../docker/client";
import { asOptions, LOW_CPU_SHARES, POSTGRES_CAPABILITIES } from "../docker/hardening";
import {
  APPLICATION_ROLE,
  DATABASE,
  LABELS,
  namesOf,
  SUPERUSER,
  type ThrowawayPurpose,
  UPSTREAM_PORTS,
} from "../../release/names";
import { apiHealthcheck, type Healthcheck, postgresHealthcheck } from "../docker/healthchecks";
import type { Mount } from "../docker/mounts";
import { BACKUPS_PATH } from "../../release/records/backup-id";
import { Database, lines, MAINTENANCE } from "./database";
import { type Ended, Execution } from "../docker/execution";
import { waitUntilHealthy } from "../docker/health";
import { createIsolatedNetwork } from "../docker/isolated-network";
import { indented, Refusal } from "../output";
import { conceal } from "../docker/redaction";
import { unlessDockerFails } from "../docker/errors";

const LOG_LINES = 20;
const READ_HEALTH = `
  fetch("http://127.0.0.1:${UPSTREAM_PORTS.api}/health", { signal: AbortSignal.timeout(4000) })
    .then((response) => response.text()).then((text) => process.stdout.write(text))
    .catch((error) => { console.error("/health gives no answer: " + error.message); process.exit(1); })`;

interface Server {
  readonly backups?: Mount;
  readonly settings?: readonly string[];
  /** Makes the root file system read-only, except for directories in memory and the data. */
  readonly readOnly?: { readonly temporary: Readonly<Record<string, string>>; readonly data: string } | undefined;
}

/** A container to start. */
interface Started {
  readonly options: readonly string[];
  readonly image: string;
  /** The image's own command, if none is given. */
  readonly command?: readonly string[];
  readonly environment: Record<string, string>;
}

/**
 * A temporary database, and an image of the application that works on it, on a network without a way out: their work
 * (migrations, jobs in the queue of the backup) cannot reach the stack or the internet, and they have none of the
 * stack's secrets. They are found and removed by their labels alone: another stack may own a container with such a
 * name.
 */
export class Throwaway {
  private readonly name: string;
  private readonly labels: readonly string[];
  private readonly password = secret();

  public constructor(
    private readonly docker: DockerClient,
    stack: string,
    role: ThrowawayPurpose,
    private readonly signal: AbortSignal,
  ) {
    // Another stack may have the name of the role, and its database then the name of this one.
    this.name =
      role === "trial"
        ? `${namesOf(stack).throwaways[role]}-${randomBytes(4).toString("hex")}`
        : namesOf(stack).throwaways[role];
    this.labels = [`label=${LABELS.stack}=${stack}`, `label=${LABELS.role}=${role}`];
  }

  /**
   * Starts an empty database. It may see the backups, read-only. `settings` of the server have the form `name=value`.
   */
  public async database(image: string, { backups, settings = [], readOnly }: Server): Promise<Database> {
    await createIsolatedNetwork(this.docker, this.name, this.labels);
    const environment = { POSTGRES_USER: SUPERUSER, POSTGRES_DB: DATABASE, POSTGRES_PASSWORD: this.password };
    conceal(environment);
    const options = [
      ...asOptions({ capabilities: POSTGRES_CAPABILITIES, readOnly: readOnly?.temporary }),
      "--network-alias=postgres",
      "--init",
      "--shm-size=256m", // indexes are built in parallel
      ...(backups === undefined ? [] : [`--volume=${backups.Name ?? backups.Source}:${BACKUPS_PATH}:ro`]),
      ...(readOnly === undefined ? [] : [`--volume=${readOnly.data}`]),
    ];
    const command = ["postgres", ...settings.flatMap((setting) => ["-c", setting])];
    const container = await this.start("postgres", { options, image, command, environment });
    await this.untilHealthy(container, postgresHealthcheck);
    const database = new Database(this.docker, container);
    // The data need not survive a power failure.
    await database.query("ALTER SYSTEM SET fsync = off; SELECT pg_reload_conf()", MAINTENANCE);
    return database;
  }

  /** Gives the answer to `/health` of a release that runs on this database. */
  public async health(image: string): Promise<string> {
    const container = await this.start("api", { options: asOptions(), image, environment: this.application() });
    await this.untilHealthy(container, apiHealthcheck);
    return this.docker.run(["exec", container, "node", "-e", READ_HEALTH]);
  }

  /** Runs a command of an application image on this database to its end, and passes both streams on, line by line. */
  public command(image: string, command: readonly string[], hear: (line: string) => void): Promise<Ended> {
    const environment = this.application();
    const options = ["--rm", ...this.options("command", Object.keys(environment)), ...asOptions({ logs: false })];
    const heard = { onLine: hear, onErrorLine: hear };
    return new Execution(this.docker, ["run", ...options, image, ...command], {
      environment,
      signal: this.signal,
      ...heard,
    }).ended;
  }

  /** Removes everything, of this run and of a killed one. The network goes last, because it must be empty. */
  public async clear(): Promise<void> {
    const filters = this.labels.flatMap((label) => ["--filter", label]);
    const containers = lines(await this.docker.run(["ps", "--all", "--quiet", ...filters]));
    if (containers.length > 0) await this.docker.run(["rm", "--force", "--volumes", ...containers]);
    const networks = lines(await this.docker.run(["network", "ls", "--quiet", ...filters]));
    if (networks.length > 0) await this.docker.run(["network", "rm", ...networks]);
  }

  /**
   * Starts a container. A stop of the drill does not kill the client: Docker would go on, and create what was just
   * removed.
   */
  private async start(service: string, { options, image, command = [], environment }: Started): Promise<string> {
    this.signal.throwIfAborted();
    const all = ["--detach", ...this.options(service, Object.keys(environment)), ...options];
    const execution = new Execution(this.docker, ["run", ...all, image, ...command], { environment });
    execution.close();
    const { exitCode, stderr } = await execution.ended;
    const container = this.nameOf(service);
    if (exitCode !== 0) throw new Refusal(`${container} cannot be started: ${stderr}`);
    return container;
  }

  private nameOf(service: string): string {
    return `${this.name}-${service}`;
  }

  private options(service: string, variables: readonly string[]): string[] {
    return [
      ...["--pull=never", `--name=${this.nameOf(service)}`, `--network=${this.name}`],
      ...this.labels.map((label) => `--${label}`),
      LOW_CPU_SHARES,
      ...variables.map((variable) => `--env=${variable}`),
    ];
  }

  /** The variables that the application needs to start. None of them lets it reach the internet or the stack. */
  private application(): Record<string, string> {
    const environment = {
      NODE_ENV: "production",
      PORT: String(UPSTREAM_PORTS.api),
      CONSOLE_ORIGIN: "https://localhost",
      DATABASE_URL: `postgres://${APPLICATION_ROLE}:${this.password}@postgres:5432/${DATABASE}`,
      JWT_SECRET: secret(),
      SECRET_ENCRYPTION_KEY: secret(),
    };
    conceal(environment);
    return environment;
  }

  private async untilHealthy(container: string, { test: probe, startSeconds }: Healthcheck): Promise<void> {
    const refusal = await waitUntilHealthy(
      this.docker,
      { container, probe },
      { timeoutSeconds: startSeconds, signal: this.signal },
    );
    if (refusal === undefined) return;
    const log = await unlessDockerFails(this.docker.logs(container, LOG_LINES), "");
    throw new Refusal(
      `${container} is not healthy: ${refusal}${log && `\nLast lines of its log:\n${indented(log)}\n`}`,
    );
  }
}

/** Makes a secret of 64 hexadecimal digits, which need no encoding anywhere. */
function secret(): string {
  return randomBytes(32).toString("hex");
}
