import { describe, expect, test } from "vitest";
import { containersOf, isUp } from "../../../components/host/containers";
import { BEFORE, NOBODY, PAUSED, pointer, SWITCH_FIRST } from "../../../components/services/upstream";
import { resume, resumeRelease, stopWriters, takeBack, WRITERS } from "../../../scripts/lib/paused";
import { listing, ScriptedDocker } from "../../support/docker";

const CADDY = "nestfleet-prod-caddy";
const OLD = { api: "nestfleet-prod-api-1", worker: "nestfleet-prod-worker-1", console: "nestfleet-prod-console-1" };
const NEW = { api: "nestfleet-prod-api-2", worker: "nestfleet-prod-worker-2", console: "nestfleet-prod-console-2" };

interface Simulated {
  readonly id: string;
  readonly name: string;
  readonly role: string;
  readonly version: string;
  readonly state: string;
}

/** Both releases and what is beside them; all run unless told otherwise. */
function containers(states: Readonly<Record<string, string>> = {}): Simulated[] {
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
class SimulatedHost {
  public readonly files: Map<string, string>;
  public readonly moves: string[] = [];
  public readonly docker = new ScriptedDocker((command, stdin) => this.answer(command.split(" "), command, stdin));
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

  private answer([verb = "", ...args]: string[], command: string, stdin: string): string | undefined {
    if (verb === "exec") return this.inProxy(args, command, stdin);
    if (verb === "stop" || verb === "start") return this.move(verb, args);
    if (command === `inspect --type container ${args.at(-1) ?? ""}`) return this.inspection(args.at(-1) ?? "");
    return listing([...this.all.values()])(command);
  }

  private move(verb: "stop" | "start", names: readonly string[]): string | undefined {
    for (const name of names) {
      const one = this.all.get(name);
      if (one === undefined) return undefined;
      this.all.set(name, { ...one, state: verb === "stop" ? "exited" : "running" });
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
      { Id: name, Name: `/${name}`, RestartCount: 0, Config: { Labels: {} }, State: { Status: one.state, ...flags } },
    ]);
  }

  /** Reads, writes and removes files as the scripts' own shell lines do. */
  private inProxy(args: readonly string[], command: string, stdin: string): string | undefined {
    if (this.all.get(CADDY)?.state !== "running") return undefined;
    const [, written] = / cat > (\S+)\.new && mv /.exec(command) ?? [];
    const [, read] = /(?: \|\||caddy) cat (\S+)$/.exec(command) ?? [];
    if (written !== undefined) this.files.set(written, stdin);
    else if (read !== undefined) return this.files.get(read) ?? "";
    else if (args[1] === "rm") for (const file of args.slice(3)) this.files.delete(file);
    else
      for (const upstream of ["api", "console"] as const) {
        const [, name] = new RegExp(` --env ${upstream}=(\\S+)`).exec(command) ?? [];
        if (name === undefined) throw new Error(`unexpected: ${command}`);
        this.files.set(pointer(upstream), name);
      }
    return "";
  }
}

const noted = (...names: string[]) => ({ [PAUSED]: names.join("\n") });
const held = { [BEFORE]: `${OLD.api}\n${OLD.console}\n`, [pointer("api")]: NOBODY, [pointer("console")]: NOBODY };

describe("taking back", () => {
  test("what stopped the writers leaves everything as it was", async () => {
    const host = new SimulatedHost(containers({ [NEW.api]: "created", [NEW.worker]: "created" }));
    const before = { running: host.running(), files: new Map(host.files) };
    const found = await containersOf(host.docker, "prod");
    const writers = found.filter((container) => isUp(container) && WRITERS.includes(container.role));
    await stopWriters(host.docker, CADDY, writers);
    expect(host.moves).toEqual([`stop ${OLD.worker}`, `stop ${OLD.api}`]);
    expect(host.pointers()).toEqual([NOBODY, NOBODY]);

    expect(await takeBack(host.docker, CADDY, "prod")).toEqual([OLD.api, OLD.worker]);
    expect({ running: host.running(), files: host.files }).toEqual(before);
  });

  test("stops the writers of the refused release, for good, before the old ones start", async () => {
    const states = { [OLD.api]: "exited", [OLD.worker]: "exited", [NEW.worker]: "restarting" };
    const host = new SimulatedHost(containers(states), { ...noted(OLD.api, OLD.worker), ...held });
    await takeBack(host.docker, CADDY, "prod");
    expect(host.moves).toEqual([`stop ${NEW.api}`, `stop ${NEW.worker}`, `start ${OLD.api}`, `start ${OLD.worker}`]);
    expect(host.running()).toEqual([...Object.values(OLD), NEW.console, "nestfleet-prod-postgres", CADDY]);
    expect(host.pointers()).toEqual([OLD.api, OLD.console]);
  });

  test("stops a worker that was noted and still runs, for it may be on its way down; the api that serves goes on", async () => {
    const host = new SimulatedHost(containers({ [NEW.api]: "exited", [NEW.worker]: "exited" }), {
      ...noted(OLD.api, OLD.worker),
    });
    expect(await takeBack(host.docker, CADDY, "prod")).toEqual([OLD.worker]);
    expect(host.moves).toEqual([`stop ${OLD.worker}`, `start ${OLD.worker}`]);
    expect(host.running()).toContain(OLD.worker);
    expect(host.pointers()).toEqual([OLD.api, OLD.console]);
  });

  test("does the same to an api while requests are held", async () => {
    const host = new SimulatedHost(
      containers({ [NEW.api]: "exited", [NEW.worker]: "exited", [OLD.worker]: "exited" }),
      {
        ...noted(OLD.api, OLD.worker),
        ...held,
      },
    );
    expect(await takeBack(host.docker, CADDY, "prod")).toEqual([OLD.api, OLD.worker]);
    expect(host.moves).toEqual([`stop ${OLD.api}`, `start ${OLD.api}`, `start ${OLD.worker}`]);
    expect(host.pointers()).toEqual([OLD.api, OLD.console]);
  });

  test("forgets all about it, so that a second time does nothing", async () => {
    const host = new SimulatedHost(containers({ [OLD.api]: "exited" }), {
      ...noted(OLD.api),
      ...held,
      [SWITCH_FIRST]: "",
    });
    await takeBack(host.docker, CADDY, "prod");
    expect([...host.files.keys()].sort()).toEqual([pointer("api"), pointer("console")]);
    const moves = [...host.moves];
    expect(await takeBack(host.docker, CADDY, "prod")).toEqual([]);
    expect(host.moves).toEqual(moves);
  });

  test("passes over what was noted and is gone", async () => {
    const host = new SimulatedHost(containers({ [OLD.api]: "exited" }), noted("nestfleet-prod-api-0", OLD.api));
    expect(await takeBack(host.docker, CADDY, "prod")).toEqual([OLD.api]);
  });

  test.each([
    ["nothing was noted", "running", {}],
    ["the proxy does not run", "exited", noted(OLD.api)],
  ])("touches nothing where %s", async (_, state, files) => {
    const host = new SimulatedHost(containers({ [CADDY]: state, [OLD.api]: "exited" }), files);
    expect(await takeBack(host.docker, CADDY, "prod")).toEqual([]);
    expect(host.moves).toEqual([]);
  });
});

describe("after a restore, of the release that serves", () => {
  const all = noted(OLD.api, OLD.worker, NEW.api, NEW.worker);

  test("what was stopped starts again, and nothing of another one does", async () => {
    const states = { [OLD.api]: "exited", [OLD.worker]: "exited", [NEW.api]: "exited", [NEW.worker]: "exited" };
    const host = new SimulatedHost(containers(states), all);
    expect(await resumeRelease(host.docker, CADDY, "prod", "1.4.2")).toEqual([OLD.api, OLD.worker]);
    expect(host.moves).toEqual([`start ${OLD.api}`, `start ${OLD.worker}`]);
    expect(host.files.get(PAUSED)).toBe(all[PAUSED]);
  });

  test("the api that serves goes on, and a worker on its way down is started anew", async () => {
    const host = new SimulatedHost(containers({ [NEW.api]: "exited", [NEW.worker]: "exited" }), all);
    expect(await resumeRelease(host.docker, CADDY, "prod", "1.4.2")).toEqual([OLD.worker]);
    expect(host.moves).toEqual([`stop ${OLD.worker}`, `start ${OLD.worker}`]);
  });

  test("nothing starts that was not stopped by an update", async () => {
    const host = new SimulatedHost(containers({ [OLD.worker]: "exited" }), noted(OLD.api));
    expect(await resumeRelease(host.docker, CADDY, "prod", "1.4.2")).toEqual([]);
    expect(host.moves).toEqual([]);
  });
});

describe("an update that was killed is taken back by the next one", () => {
  const states = { [OLD.api]: "exited", [OLD.worker]: "exited", [NEW.api]: "created", [NEW.worker]: "created" };

  test("when the release that it had stopped is to serve on", async () => {
    const host = new SimulatedHost(containers(states), { ...noted(OLD.api, OLD.worker), ...held });
    expect(await resume(host.docker, CADDY, "prod", "1.4.2")).toEqual([OLD.api, OLD.worker]);
    expect(host.pointers()).toEqual([OLD.api, OLD.console]);
  });

  test("and not when another one is", async () => {
    const host = new SimulatedHost(containers(states), { ...noted(OLD.api, OLD.worker), ...held });
    expect(await resume(host.docker, CADDY, "prod", "1.5.0")).toEqual([]);
    expect(host.moves).toEqual([]);
    expect(host.pointers()).toEqual([NOBODY, NOBODY]);
  });
});
