import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { DockerError } from "../../components/host/docker/errors";
import type { Change, ConfigVolume } from "../../components/host/routing/config-volume";
import { activeFile, candidateFile, UNROUTED } from "../../components/host/routing/files";
import { Routing } from "../../components/host/routing/routing";
import { type Listed, listing, ScriptedDocker } from "./docker";

export const CADDY = "nestfleet-prod-caddy";
export const POSTGRES = "nestfleet-prod-postgres";
export const OLD = {
  api: "nestfleet-prod-api-1",
  worker: "nestfleet-prod-worker-1",
  console: "nestfleet-prod-console-1",
};
export const NEW = {
  api: "nestfleet-prod-api-2",
  worker: "nestfleet-prod-worker-2",
  console: "nestfleet-prod-console-2",
};

const ENGINE_AWAY = new DockerError({
  command: "",
  exitCode: 1,
  stderr: "Cannot connect to the Docker daemon. Is the docker daemon running?",
  stdout: "",
});

/** The state of a container after a docker command. */
const STATES: Readonly<Record<string, string>> = {
  stop: "exited",
  start: "running",
  pause: "paused",
  unpause: "running",
};

/** Docker's messages for a container in which no command can run. */
const WORDS: Readonly<Record<string, string>> = {
  restarting: "restarting, wait until the container is running",
  paused: "paused, unpause the container before exec",
};

/** The containers of both releases, postgres and caddy. All of them run, except those with a state in `states`. */
export function containers(states: Readonly<Record<string, string>> = {}): Listed[] {
  const of = (names: Readonly<Record<string, string>>, version: string) =>
    Object.entries(names).map(([role, name]) => ({ name, role, version }));
  const beside = { postgres: POSTGRES, caddy: CADDY };
  return [...of(OLD, "1.4.2"), ...of(NEW, "1.5.0"), ...of(beside, "17")].map((one) => ({
    ...one,
    id: one.name,
    state: states[one.name] ?? "running",
  }));
}

/** Thrown when a process is killed: nothing that it does afterwards has any effect. */
export class Killed extends Error {}

/**
 * A Docker host with containers that start and stop, and with the files of the proxy. `docker` runs the program's shell
 * lines in a real shell. `routing` works on the same files without a shell, so that it can be killed between two of
 * them.
 */
export class SimulatedHost {
  public readonly files: Map<string, string>;
  /** Containers that were started or stopped, in that order. */
  public readonly moves: string[] = [];
  public readonly docker = new ScriptedDocker((command, stdin, args) => {
    if (this.failures[0] === args[0] && this.failures.shift() !== undefined) throw ENGINE_AWAY;
    return this.beyond(command, stdin) ?? this.answer(args, command, stdin);
  });
  public readonly routing: Routing;
  /** The first words of docker commands that fail once, in this order, as when Docker restarts. */
  public failures: string[] = [];
  /** Answers commands in the database's container. Gives undefined for all other commands. */
  public beyond: (command: string, stdin: string) => string | undefined = () => undefined;
  /** The number of changes of files and containers after which the process is killed. */
  public killedAfter = Infinity;
  private readonly all: Map<string, Listed>;

  public constructor(all: readonly Listed[], files: Readonly<Record<string, string>> = {}) {
    this.all = new Map(all.map((one) => [one.name, one]));
    const serving = { [activeFile("api")]: `${OLD.api}\n`, [activeFile("console")]: `${OLD.console}\n` };
    const nobody = { [candidateFile("api")]: `${UNROUTED}\n`, [candidateFile("console")]: `${UNROUTED}\n` };
    this.files = new Map(Object.entries({ ...serving, ...nobody, ...files }));
    this.routing = new Routing(CADDY, this.volume());
  }

  public running(): string[] {
    return [...this.all.values()].filter(({ state }) => state === "running").map(({ name }) => name);
  }

  /** The containers that receive the requests of api and console. */
  public active(): (string | undefined)[] {
    return [activeFile("api"), activeFile("console")].map((file) => this.files.get(file)?.trim());
  }

  /** The files that name a container or contain a note, without the candidates' token, which is always there. */
  public notes(): string[] {
    const noted = [...this.files].filter(([file, content]) => !file.endsWith("-token") && content.trim() !== UNROUTED);
    return noted.map(([file]) => file).sort();
  }

  /** Changes the state of a container without a command, as when it exits. */
  public become(name: string, state: string): void {
    const one = this.all.get(name);
    if (one !== undefined) this.all.set(name, { ...one, state });
  }

  /** All containers that exist. */
  public present(): string[] {
    return [...this.all.keys()];
  }

  /** Starts the next process, which finds what the killed one has left. */
  public comesBack(): void {
    this.killedAfter = Infinity;
  }

  private change(): void {
    if (this.killedAfter-- <= 0) throw new Killed();
  }

  private volume(): ConfigVolume {
    const make = ({ file, content }: Change) => {
      this.change();
      if (content === undefined) this.files.delete(file);
      else this.files.set(file, content);
    };
    return {
      read: (files) => Promise.resolve(new Map([...this.files].filter(([file]) => files.includes(file)))),
      change: (changes) =>
        Promise.resolve().then(() => {
          changes.forEach(make);
        }),
    };
  }

  private answer(args: readonly string[], command: string, stdin: string): string | undefined {
    const [verb = "", ...words] = args;
    if (verb === "exec" && words.includes(CADDY)) return this.inProxy(words, command, stdin);
    if (verb in STATES) return this.move(verb, words);
    if (verb === "rm") return this.remove(words.at(-1) ?? "");
    return listing([...this.all.values()])(command);
  }

  private move(verb: string, names: readonly string[]): string | undefined {
    for (const name of names) {
      const one = this.all.get(name);
      if (one === undefined) return undefined;
      this.change();
      this.all.set(name, { ...one, state: STATES[verb] ?? one.state });
      this.moves.push(`${verb} ${name}`);
    }
    return "";
  }

  private remove(name: string): string | undefined {
    if (!this.all.delete(name)) return undefined;
    this.moves.push(`rm ${name}`);
    return "";
  }

  private inProxy(words: readonly string[], command: string, stdin: string): string | undefined {
    const { state } = this.all.get(CADDY) ?? {};
    if (state === undefined) return undefined;
    if (state !== "running")
      throw new DockerError({
        command: "exec",
        exitCode: 1,
        stderr: `Container 1f is ${WORDS[state] ?? "not running"}`,
        stdout: "",
      });
    if (command.includes(" cat /proc/net/tcp ")) return ""; // no request is in progress
    const [shell = "", ...rest] = words.slice(words.indexOf(CADDY) + 1);
    return this.inShell(shell, rest, stdin);
  }

  /** Runs a shell line on a folder that takes the place of the proxy's volume. */
  private inShell(shell: string, words: readonly string[], stdin: string): string {
    const folder = mkdtempSync(join(tmpdir(), "simulated-"));
    try {
      for (const [file, content] of this.files) writeFileSync(join(folder, basename(file)), content);
      const here = words.map((word) => word.replaceAll("/config", folder));
      const { status, stdout, stderr } = spawnSync(shell, here, { input: stdin, encoding: "utf8" });
      if (status !== 0) throw new DockerError({ command: "exec", exitCode: status ?? undefined, stderr, stdout });
      this.files.clear();
      for (const file of readdirSync(folder))
        this.files.set(`/config/${file}`, readFileSync(join(folder, file), "utf8"));
      return stdout.replaceAll(folder, "/config");
    } finally {
      rmSync(folder, { recursive: true });
    }
  }
}
