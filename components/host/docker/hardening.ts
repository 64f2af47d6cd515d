import { LOG_DRIVER, LOG_OPTIONS } from "../../release/containers/logging";

/**
 * The settings that all containers have in common. They are stated once, here, and written in two forms: as inputs of
 * the Docker provider, and as options of the docker client. The code that makes a container states only the differences.
 *
 * - A container has only the capabilities that it names, and no process gains more than it was started with.
 * - A crash does not write a core file: it is a copy of the memory, with secrets.
 * - The log is kept, within limits, or there is none. It never goes to the default log driver of the Docker host.
 * - The number of processes is limited. The provider has no input for this limit: the gate sets it (process-limit.ts).
 */
interface Rules {
  /** The Linux capabilities that the container keeps. */
  readonly capabilities?: readonly string[] | undefined;
  /** False for a container whose output is read while it runs, and that leaves nothing behind. */
  readonly logs?: boolean;
  /** The largest number of processes and threads. */
  readonly processes?: number;
  /** Makes the root file system read-only, and these directories in-memory, each with the options of its mount. */
  readonly readOnly?: Readonly<Record<string, string>> | undefined;
  /** For a service: Docker restarts it when it exits by itself, and gives it so many seconds to stop in order. */
  readonly serves?: { readonly graceSeconds: number };
}

/** Docker restarts a container that has exited. A stopped container stays stopped, also after a restart of Docker. */
const RESTART = "unless-stopped";
const SECURITY_OPTIONS = ["no-new-privileges"];
const DROPPED_CAPABILITIES = ["ALL"];

/** The name of the limit for the size of a core file. */
const CORE = "core";
const ULIMITS = [{ name: CORE, soft: 0, hard: 0 }];

/** True when the limits of a container, from `docker inspect`, allow no core file. */
export function leavesNoCore(ulimits: readonly { readonly Name: string; readonly Hard: number }[]): boolean {
  return ulimits.some(({ Name, Hard }) => Name === CORE && Hard === 0);
}

/**
 * Where a container with a read-only root file system may write: into memory, which counts towards its limit, and is
 * empty after each start. Docker adds `nosuid`, `nodev` and `noexec`.
 */
export const TEMPORARY: Readonly<Record<string, string>> = { "/tmp": "size=1g" };
/** The directory of PostgreSQL's socket, in all images that are built on the official one. */
export const POSTGRES_TEMPORARY: Readonly<Record<string, string>> = { "/var/run/postgresql": "size=16m" };

/** The capabilities that the entrypoint of a PostgreSQL image needs: it starts as root, to own its data directory. */
export const POSTGRES_CAPABILITIES = ["CHOWN", "DAC_OVERRIDE", "FOWNER", "SETGID", "SETUID"];

/**
 * The limit of processes and threads in one container: a container that starts more and more of them must not exhaust
 * the host. The limit is the same for all. PostgreSQL has a process for each connection (100, unless an adopted volume
 * sets more) and some workers, Node.js and Caddy have some dozens of threads; the smallest hosts can run several times
 * as many.
 */
export const PROCESSES = 4096;
/** The rules for a container that only inspects. */
export const LOOKS: Rules = { logs: false, processes: 64, readOnly: {} };

/** Lowers the CPU shares of a container that no user waits for, to a fifth of those of a service. */
export const LOW_CPU_SHARES = "--cpu-shares=200";

/**
 * Gives the rules as inputs of the provider's container. The order of the keys matters: the hold before a replacement
 * of postgres compares a digest of them. `asBefore` leaves out the inputs that older programs did not set, so that
 * these alone do not replace the container.
 */
export function asInputs(rules: Rules & Required<Pick<Rules, "serves">>, asBefore = false) {
  const { capabilities = [], readOnly, serves } = rules;
  return {
    restart: RESTART,
    logDriver: LOG_DRIVER,
    logOpts: LOG_OPTIONS,
    securityOpts: SECURITY_OPTIONS,
    capabilities: { drops: DROPPED_CAPABILITIES, adds: capabilities.map((capability) => `CAP_${capability}`) },
    ...(!asBefore && { ulimits: ULIMITS }),
    ...(!asBefore && readOnly !== undefined && { readOnly: true, tmpfs: { ...readOnly } }),
    stopTimeout: serves.graceSeconds,
    // Without this input, the provider kills a container at once, and ignores `stopTimeout`.
    destroyGraceSeconds: serves.graceSeconds,
  };
}

/** Gives the rules as options of the docker client. */
export function asOptions(rules: Rules = {}): string[] {
  const { capabilities = [], logs = true, processes = PROCESSES, readOnly, serves } = rules;
  const logOptions = Object.entries(LOG_OPTIONS).map(([name, value]) => `--log-opt=${name}=${value}`);
  return [
    ...(logs ? [`--log-driver=${LOG_DRIVER}`, ...logOptions] : ["--log-driver=none"]),
    // Where a kernel cannot limit processes, Docker warns and creates the container without the limit.
    `--pids-limit=${processes}`,
    ...DROPPED_CAPABILITIES.map((capability) => `--cap-drop=${capability}`),
    ...capabilities.map((capability) => `--cap-add=${capability}`),
    ...SECURITY_OPTIONS.map((option) => `--security-opt=${option}`),
    ...ULIMITS.map(({ name, soft, hard }) => `--ulimit=${name}=${soft}:${hard}`),
    ...(readOnly === undefined ? [] : ["--read-only"]),
    ...Object.entries(readOnly ?? {}).map(([directory, options]) => `--tmpfs=${directory}:${options}`),
    ...(serves === undefined ? [] : [`--restart=${RESTART}`, `--stop-timeout=${serves.graceSeconds}`]),
  ];
}

/**
 * Gives the words of `docker` for a container that only inspects, also before an operator has approved the change: it
 * has no network, writes nothing, leaves nothing behind, and uses few resources. Docker ignores a limit that the host
 * cannot set.
 */
export function looking(capabilities: readonly string[] = []): string[] {
  const small = ["--memory=256m", "--memory-swap=256m", LOW_CPU_SHARES];
  return ["run", "--rm", "--pull=never", "--network=none", ...small, ...asOptions({ ...LOOKS, capabilities })];
}
