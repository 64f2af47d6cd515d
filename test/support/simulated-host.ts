import { DockerError } from "../../components/host/docker/client";
import { candidate, NOBODY, pointer } from "../../components/host/routing/files";
import { listing, ScriptedDocker } from "./docker";

export const CADDY = "nestfleet-prod-caddy";
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

const ENGINE_AWAY = new DockerError("", 1, "Cannot connect to the Docker daemon. Is the docker daemon running?", "");

/** What a container is after a command of the docker client. */
const STATES: Readonly<Record<string, string>> = {
  stop: "exited",
  start: "running",
  pause: "paused",
  unpause: "running",
};

interface Simulated {
  readonly id: string;
  readonly name: string;
  readonly role: string;
  readonly version: string;
  readonly state: string;
}

/** Both releases and what is beside them; all run unless told otherwise. */
export function containers(states: Readonly<Record<string, string>> = {}): Simulated[] {
  const of = (names: Readonly<Record<string, string>>, version: string) =>
    Object.entries(names).map(([role, name]) => ({ name, role, version }));
  const beside = { postgres: "nestfleet-prod-postgres", caddy: CADDY };
  return [...of(OLD, "1.4.2"), ...of(NEW, "1.5.0"), ...of(beside, "17")].map((one) => ({
    ...one,
    id: one.name,
    state: states[one.name] ?? "running",
  }));
}

/** A host whose containers start and stop, and whose proxy has files; `moves` is who did, in that order. */
export class SimulatedHost {
  public readonly files: Map<string, string>;
  public readonly moves: string[] = [];
  public readonly docker = new ScriptedDocker((command, stdin) => {
    if (this.failures[0] === command.split(" ")[0] && this.failures.shift() !== undefined) throw ENGINE_AWAY;
    return this.answer(command.split(" "), command, stdin);
  });
  /** Docker commands by their first word; each fails once, in this order, as when the engine restarts. */
  public failures: string[] = [];
  private readonly all: Map<string, Simulated>;

  public constructor(all: readonly Simulated[], files: Readonly<Record<string, string>> = {}) {
    this.all = new Map(all.map((one) => [one.name, one]));
    const serving = { [pointer("api")]: OLD.api, [pointer("console")]: OLD.console };
    this.files = new Map(Object.entries({ ...serving, ...files }));
  }

  public running(): string[] {
    return [...this.all.values()].filter(({ state }) => state === "running").map(({ name }) => name);
  }

  public pointers(): (string | undefined)[] {
    return [this.files.get(pointer("api")), this.files.get(pointer("console"))];
  }

  /** Files that name somebody, or note something. */
  public notes(): string[] {
    return [...this.files].flatMap(([file, content]) => (content === NOBODY ? [] : [file])).sort();
  }

  private answer([verb = "", ...args]: string[], command: string, stdin: string): string | undefined {
    if (verb === "exec") return this.inProxy(args, command, stdin);
    if (verb in STATES) return this.move(verb, args);
    if (command === `inspect --type container ${args.at(-1) ?? ""}`) return this.inspection(args.at(-1) ?? "");
    return listing([...this.all.values()])(command);
  }

  private move(verb: string, names: readonly string[]): string | undefined {
    for (const name of names) {
      const one = this.all.get(name);
      if (one === undefined) return undefined;
      this.all.set(name, { ...one, state: STATES[verb] ?? one.state });
      this.moves.push(`${verb} ${name}`);
    }
    return "";
  }

  private inspection(name: string): string | undefined {
    const one = this.all.get(name);
    if (one === undefined) return undefined;
    const running = one.state === "running";
    const flags = { Running: running, Restarting: false, OOMKilled: false, ExitCode: 0, StartedAt: "" };
    return JSON.stringify([
      {
        Id: name,
        Name: `/${name}`,
        RestartCount: 0,
        Config: { Labels: { "org.nestfleet.version": one.version } },
        State: { Status: one.state, ...flags },
      },
    ]);
  }

  /** Reads, writes and removes files as the scripts' own shell lines do. */
  private inProxy(args: readonly string[], command: string, stdin: string): string | undefined {
    if (this.all.get(CADDY)?.state !== "running") return undefined;
    const [, written] = / cat > (\S+)\.new\)? && mv /.exec(command) ?? [];
    const [, removed = ""] = / rm -f (\S+(?: \S+)*?)(?: &&|$)/.exec(command) ?? [];
    const named = /(?: --env (?:api|console)=\S+){2}/.test(command);
    const [, read] = /(?: \|\||caddy) cat (\S+)$/.exec(command) ?? [];
    if (command.includes(" cat /proc/net/tcp ")) return ""; // nothing is in flight
    if (written !== undefined) this.files.set(written, stdin);
    for (const file of removed.split(" ")) this.files.delete(file);
    if (written !== undefined && !named) return "";
    if (read !== undefined) return this.files.get(read) ?? "";
    else if (args[1] === "rm") return "";
    else if (args[1] === "touch") this.files.set(args[2] ?? "", "");
    else
      for (const upstream of ["api", "console"] as const) {
        const [, name] = new RegExp(` --env ${upstream}=(\\S+)`).exec(command) ?? [];
        if (name === undefined) throw new Error(`unexpected: ${command}`);
        this.files.set((command.includes(candidate(upstream)) ? candidate : pointer)(upstream), name);
      }
    return "";
  }
}
