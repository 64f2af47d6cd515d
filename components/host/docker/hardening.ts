import { LOG_DRIVER, LOG_OPTIONS } from "../../release/containers/logging";

/**
 * The house rules of a container. They are stated once, here, and spelled in two ways: as inputs of the Docker
 * provider, and as options of the docker client. The code that makes a container says only in what it differs.
 *
 * - No capability is left but those that it names, and no process gets more than it was started with.
 * - A crash leaves no file with a copy of the memory, which has secrets in it.
 * - The log is kept, within limits, or there is none; it never goes where the engine's own default sends it.
 * - There is a limit of processes. The provider has no word for it: the gate sets it (process-limit.ts).
 */
interface Rules {
  /** The Linux capabilities that stay. */
  readonly capabilities?: readonly string[] | undefined;
  /** False for a container that is heard while it runs, and leaves nothing. */
  readonly logs?: boolean;
  /** Processes and threads at most. */
  readonly processes?: number;
  /** The root file system is read-only, and these directories are in memory, each with the options of its mount. */
  readonly readOnly?: Readonly<Record<string, string>> | undefined;
  /** Of a container that serves: it is started again when it ends by itself, and gets so many seconds to end in order. */
  readonly serves?: { readonly graceSeconds: number };
}

/** A container that dies is started again, and one that was stopped stays so, also after a restart of the engine. */
const RESTART = "unless-stopped";
const SECURITY_OPTIONS = ["no-new-privileges"];
const DROPPED_CAPABILITIES = ["ALL"];

/** The limit of the size of a file that a crash leaves. */
const CORE = "core";
const ULIMITS = [{ name: CORE, soft: 0, hard: 0 }];

/** Whether a container is kept from leaving its memory in a file, as `docker inspect` has its limits. */
export function leavesNoCore(ulimits: readonly { readonly Name: string; readonly Hard: number }[]): boolean {
  return ulimits.some(({ Name, Hard }) => Name === CORE && Hard === 0);
}

/**
 * Where a container with a read-only root file system may write: into memory, which counts as its own, and is empty after
 * each start. The engine adds `nosuid`, `nodev` and `noexec`.
 */
export const TEMPORARY: Readonly<Record<string, string>> = { "/tmp": "size=1g" };
/** PostgreSQL's socket is there, in all images that are built on the official one. */
export const POSTGRES_TEMPORARY: Readonly<Record<string, string>> = { "/var/run/postgresql": "size=16m" };

/** Those that the entrypoint of a PostgreSQL image needs: it begins as root, to own its data directory. */
export const POSTGRES_CAPABILITIES = ["CHOWN", "DAC_OVERRIDE", "FOWNER", "SETGID", "SETUID"];

/**
 * Processes and threads of one container at most: one that makes more and more of them fills itself and not the host.
 * One number for all: PostgreSQL has a process for each connection (100, unless an adopted volume says more) and some
 * workers, Node.js and Caddy have some dozens of threads, and the smallest hosts have room for several times as many.
 */
export const PROCESSES = 4096;
/** The rules of a container that only looks. */
export const LOOKS: Rules = { logs: false, processes: 64, readOnly: {} };

/** Lowers the share of the processor of a container for which no user waits to a fifth of what a service gets. */
export const LOW_CPU_SHARES = "--cpu-shares=200";

/**
 * The rules as inputs of the provider's container. The order of the keys counts: the hold before postgres is replaced
 * compares a digest of them. `asBefore` leaves out what older programs have not given: the container is not replaced for
 * that alone.
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
    // Without it the provider kills a container at once, whatever `stopTimeout` says.
    destroyGraceSeconds: serves.graceSeconds,
  };
}

/** The rules as options of the docker client. */
export function asOptions(rules: Rules = {}): string[] {
  const { capabilities = [], logs = true, processes = PROCESSES, readOnly, serves } = rules;
  const logOptions = Object.entries(LOG_OPTIONS).map(([name, value]) => `--log-opt=${name}=${value}`);
  return [
    ...(logs ? [`--log-driver=${LOG_DRIVER}`, ...logOptions] : ["--log-driver=none"]),
    // Where a kernel cannot limit processes, the engine warns and makes the container without the limit.
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
 * The words of `docker` for a container that only looks, also before an operator has agreed to anything: it has no network,
 * writes nowhere, leaves nothing, and takes little while it is there. Its engine leaves out a limit that the host cannot set.
 */
export function looking(capabilities: readonly string[] = []): string[] {
  const small = ["--memory=256m", "--memory-swap=256m", LOW_CPU_SHARES];
  return ["run", "--rm", "--pull=never", "--network=none", ...small, ...asOptions({ ...LOOKS, capabilities })];
}
