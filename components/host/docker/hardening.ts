import { LOG_DRIVER, LOG_OPTIONS } from "../../release/containers/logging";

/**
 * What every container of ours has, whoever makes it: the provider, a script, or a look at an image. */
export const SECURITY_OPTIONS = ["no-new-privileges"];
export const DROPPED_CAPABILITIES = ["ALL"];

/** A crash leaves nobody's memory, with secrets in it, in a file. */
const CORE = "core";
export const ULIMITS = [{ name: CORE, soft: 0, hard: 0 }];

/**
 * Where a container with a read-only root file system may write: into memory, which counts as its own, and is empty after
 * each start. The engine adds `nosuid`, `nodev` and `noexec`.
 */
export const TEMPORARY: Readonly<Record<string, string>> = { "/tmp": "size=1g" };
/** PostgreSQL's socket is there, in all images that are built on the official one. */
export const POSTGRES_TEMPORARY: Readonly<Record<string, string>> = { "/var/run/postgresql": "size=16m" };

/** Whether a container is kept from leaving its memory in a file, as `docker inspect` has its limits. */
export function leavesNoCore(ulimits: readonly { readonly Name: string; readonly Hard: number }[]): boolean {
  return ulimits.some(({ Name, Hard }) => Name === CORE && Hard === 0);
}

/** Those that the entrypoint of a PostgreSQL image needs: it begins as root, to own its data directory. */
export const POSTGRES_CAPABILITIES = ["CHOWN", "DAC_OVERRIDE", "FOWNER", "SETGID", "SETUID"];

/**
 * Processes and threads of one container at most: one that makes more and more of them fills itself and not the host.
 * One number for all: PostgreSQL has a process for each connection (100, unless an adopted volume says more) and some
 * workers, Node.js and Caddy have some dozens of threads, and the smallest hosts have room for several times as many.
 */
export const PROCESSES = 4096;

/** Of containers that nobody waits for: a fifth of what production's get when both want the processor. */
export const LOW_WEIGHT = "--cpu-shares=200";

/** Of a container that is read while it runs and leaves nothing: no log file, whatever the engine's default is. */
export const UNLOGGED = "--log-driver=none";

/** The same for the docker client, of a container whose log may be read later. */
export function hardened(capabilities: readonly string[] = []): string[] {
  return [
    `--log-driver=${LOG_DRIVER}`,
    ...Object.entries(LOG_OPTIONS).map(([name, value]) => `--log-opt=${name}=${value}`),
    ...confined(capabilities),
  ];
}

/** The same, of a container that leaves nothing. */
export function passing(capabilities: readonly string[] = []): string[] {
  return [UNLOGGED, ...confined(capabilities)];
}

/**
 * The words of `docker` for a container that only looks, before anybody has agreed to anything: it writes nowhere, asks
 * nobody, is gone afterwards, and takes little while it is there. Limits that a host cannot set are its own affair.
 */
export function looking(capabilities: readonly string[] = []): string[] {
  const small = ["--memory=256m", "--memory-swap=256m", LOW_WEIGHT];
  const passes = [UNLOGGED, ...confined(capabilities, 64)];
  return ["run", "--rm", "--pull=never", "--network=none", "--read-only", ...small, ...passes];
}

/** Where a kernel cannot limit processes, the engine warns and makes the container without the limit. */
function confined(capabilities: readonly string[], processes = PROCESSES): string[] {
  return [
    `--pids-limit=${processes}`,
    ...DROPPED_CAPABILITIES.map((capability) => `--cap-drop=${capability}`),
    ...capabilities.map((capability) => `--cap-add=${capability}`),
    ...SECURITY_OPTIONS.map((option) => `--security-opt=${option}`),
    ...ULIMITS.map(({ name, soft, hard }) => `--ulimit=${name}=${soft}:${hard}`),
  ];
}
