import type { DockerClient } from "../docker/client";
import { isRunning, unlessStopped } from "../docker/containers";
import { namesOf, stackIn, type Upstream, UPSTREAMS } from "../../release/names";
import { type Change, type ConfigVolume, MountedVolume, newToken } from "./config-volume";
import {
  activeFile,
  CANDIDATE_TOKEN,
  candidateFile,
  IMMEDIATE_CUTOVER,
  PREVIOUS,
  STOPPED_WRITERS,
  UNROUTED,
} from "./files";

/** The container of each service, by name. */
export type Routes = Readonly<Record<Upstream, string>>;

/** Routes to no container. */
export const NO_ROUTES: Routes = { api: UNROUTED, console: UNROUTED };

/** What the routing files say. */
export interface RoutingState {
  /** These containers receive the requests. */
  readonly active: Routes;
  /** These containers will receive them next. */
  readonly candidates: Routes;
  /** These containers received the requests before a hold, or before a cutover that has no verdict yet. */
  readonly previous: Routes | undefined;
  /** Names of the containers that an update has stopped. */
  readonly stoppedWriters: readonly string[];
  readonly immediateCutover: boolean;
}

/**
 * `settled`: the active containers serve, or none before a first installation. `held`: requests are held for the
 * previous containers, or will be at once, or go to them again. `switched`: requests go to new containers, and the
 * cutover has no verdict yet.
 */
type Phase = "settled" | "held" | "switched";

export function phaseOf(state: RoutingState): Phase {
  const { active, previous } = state;
  if (previous === undefined) return "settled";
  const pagesAlone = active.api !== UNROUTED && ![UNROUTED, previous.console].includes(active.console);
  return hasSwitched(state) || pagesAlone ? "switched" : "held";
}

/**
 * True once the new api may have written something. The api's active file decides this: a switch writes it last.
 */
export function hasSwitched({ active, previous }: RoutingState): boolean {
  return previous !== undefined && active.api !== UNROUTED && active.api !== previous.api;
}

/** Gives the containers that serve, also while requests are held or a cutover has no verdict yet. */
export function whoServes({ active, previous }: RoutingState): Routes {
  return previous ?? active;
}

/**
 * Gives the containers that receive the requests now, or after a hold. After a switch these are the new containers.
 * Only the way back starts the previous ones, because the two releases may not be able to work side by side.
 */
export function receivers({ active, previous = NO_ROUTES }: RoutingState): Routes {
  const of = (upstream: Upstream) => (active[upstream] === UNROUTED ? previous : active)[upstream];
  return { api: of("api"), console: of("console") };
}

/** True when a killed update had stopped the serving release, or held the requests. */
export function isInterrupted(state: RoutingState): boolean {
  return state.stoppedWriters.length > 0 || phaseOf(state) === "held";
}

export function differ(one: Routes, other: Routes): boolean {
  return one.api !== other.api || one.console !== other.console;
}

/** True for a name that may be in a routing file or a restore: no container, or one of the stack, by its form. */
export function isRoute(stack: string, name: string): boolean {
  const prefix = `${namesOf(stack).prefix}-`;
  return (
    name === UNROUTED || (name.startsWith(prefix) && /^[A-Za-z0-9]+(-[A-Za-z0-9]+)*$/.test(name.slice(prefix.length)))
  );
}

/** True when the container of a route would answer requests. */
export async function isServing(docker: DockerClient, name: string): Promise<boolean> {
  return name !== UNROUTED && (await isRunning(docker, name));
}

/** The files that the state is read from. The candidates' token is a secret, and is never read. */
const FILES = [
  ...UPSTREAMS.flatMap((upstream) => [activeFile(upstream), candidateFile(upstream)]),
  PREVIOUS,
  STOPPED_WRITERS,
  IMMEDIATE_CUTOVER,
];

/**
 * The protocol of the routing files. They name the containers that receive requests, and what an update must take back
 * when it fails. The stack's lock lets one run at a time write them.
 *
 * A run can be killed between any two files. Each transition below says in which states it may be called, what a kill
 * in the middle leaves, and what the next run does then. The next run begins with `endHold` and `resumeInterrupted`
 * (writers.ts); the table in test/unit/host/routing/routing.test.ts tries every such moment.
 */
export class Routing {
  /** `caddy` is the name of the proxy's container. */
  public constructor(
    public readonly caddy: string,
    private readonly volume: ConfigVolume,
  ) {}

  /** Gives the routing of a running proxy. */
  public static of(docker: DockerClient, caddy: string): Routing {
    return new Routing(caddy, new MountedVolume(docker, caddy));
  }

  /** Reads all files at once. Fails where the proxy does not run. */
  public async state(): Promise<RoutingState> {
    const files = await this.volume.read(FILES);
    const routes = (file: (upstream: Upstream) => string) =>
      this.routes(files.get(file("api")), files.get(file("console")));
    const [api, console] = files.get(PREVIOUS)?.trim().split("\n") ?? [];
    return {
      active: routes(activeFile),
      candidates: routes(candidateFile),
      previous: api === undefined || console === undefined ? undefined : this.routes(api, console),
      stoppedWriters: (files.get(STOPPED_WRITERS) ?? "").trim().split("\n").filter(Boolean),
      immediateCutover: files.has(IMMEDIATE_CUTOVER),
    };
  }

  /**
   * Reads the state; undefined where there is no proxy, or it was stopped: no request arrives then. While the proxy is
   * restarting, this fails, so that the caller tries again.
   */
  public async stateIfRunning(): Promise<RoutingState | undefined> {
    return unlessStopped(this.state());
  }

  /**
   * Offers containers as candidates. Gives the token with which requests reach them; an earlier token is no longer
   * valid.
   *
   * From any state. A kill in the middle leaves candidates under a token that no process knows, so no request reaches
   * them. The next update offers its own.
   */
  public async setCandidates(candidates: Routes): Promise<string> {
    const token = newToken();
    await this.volume.change(candidatesUnder(token, candidates));
    return token;
  }

  /**
   * Removes the candidates, and first replaces the token: requests with the old one no longer reach them.
   *
   * From any state. A kill in the middle leaves candidates under a token that no process knows.
   */
  public async clearCandidates(): Promise<void> {
    await this.volume.change(candidatesUnder(newToken(), NO_ROUTES));
  }

  /**
   * Holds all further requests: Caddy then asks no name server for a container that is gone. Pages are held first: the
   * console makes them from answers of the api, and would time out while the api's requests are held. `pagesAnswered`
   * waits until Caddy has the pages that it has requested.
   *
   * From any state, so that an update can hold requests after any killed update; the serving containers stay noted. A
   * kill in the middle leaves `held`, which the next run ends. So after a switch the api is held first.
   */
  public async hold(pagesAnswered: () => Promise<void>): Promise<void> {
    const state = await this.state();
    const [first, last]: [Upstream, Upstream] = hasSwitched(state) ? ["api", "console"] : ["console", "api"];
    await this.volume.change([note(PREVIOUS, lines(whoServes(state))), ...route(activeFile, NO_ROUTES, first)]);
    await pagesAnswered();
    await this.volume.change(route(activeFile, NO_ROUTES, last));
  }

  /**
   * Ends a hold during which no writer was stopped, as for a replacement of postgres: requests go back. An update that
   * has noted stopped writers is taken back as a whole instead, and requests that were switched stay there until the
   * verdict. Gives the containers to which requests go again, where any were held.
   *
   * From any state, and while the proxy does not run; it changes only `held` without stopped writers. A kill in the
   * middle leaves that state.
   */
  public async endHold(): Promise<Routes | undefined> {
    const state = await this.stateIfRunning();
    if (state === undefined || state.stoppedWriters.length > 0 || phaseOf(state) !== "held") return undefined;
    const { active, previous = active } = state;
    await this.routeBack(previous);
    return differ(active, previous) ? previous : undefined;
  }

  /**
   * Switches the requests to new containers, and notes the previous ones, so that the switch can be taken back until
   * `accept`. The api's file comes last: before that, no request can have written anything through the new api.
   *
   * From any state. A kill in the middle leaves requests held, or only the pages switched. The next run ends the hold,
   * unless the previous release was stopped and no longer fits the database; the cutover of that run does the rest.
   */
  public async switchTo(routes: Routes, previous: Routes): Promise<void> {
    await this.volume.change([note(PREVIOUS, lines(previous)), ...route(activeFile, routes, "console", "api")]);
  }

  /**
   * Routes the requests to the previous containers, or to the given ones, and forgets the previous ones. Does nothing
   * where none are known.
   *
   * From `held` and `switched`. A kill in the middle leaves only the pages routed back, or `held`; the next run goes on
   * from there, at its cutover at the latest.
   */
  public async routeBack(to?: Routes): Promise<void> {
    const routes = to ?? (await this.state()).previous;
    if (routes === undefined) return;
    await this.volume.change([...route(activeFile, routes, "console", "api"), remove(PREVIOUS)]);
  }

  /**
   * Routes the requests to the containers of a restore that has succeeded, and forgets the previous ones.
   *
   * From any state, by a restore only. A kill in the middle leaves `held` or `switched`; the state of the restore is on
   * the disk, and the next run repeats this before it reads the routing.
   */
  public async settle(routes: Routes): Promise<void> {
    await this.volume.change([
      ...route(activeFile, routes, "console", "api"),
      ...candidatesUnder(newToken(), NO_ROUTES),
      remove(PREVIOUS),
    ]);
  }

  /**
   * Notes containers before they are stopped, in addition to those that an earlier attempt has noted.
   *
   * From any state. It is one file: after a kill, the containers are noted or not. The next run starts noted containers
   * again, or leaves them stopped where another release will serve and has changed the database already.
   */
  public async noteStopped(names: readonly string[]): Promise<void> {
    const { stoppedWriters } = await this.state();
    const noted = [...new Set([...stoppedWriters, ...names])];
    if (noted.length > stoppedWriters.length) await this.volume.change([note(STOPPED_WRITERS, noted.join("\n"))]);
  }

  /**
   * Notes whether the migrations of the update may break the serving release: the new release then receives the
   * requests before it has been watched.
   *
   * From any state, and while the proxy does not run. It is one file, and every update decides again.
   */
  public async requestImmediateCutover(wanted: boolean): Promise<void> {
    const state = await this.stateIfRunning();
    if (state === undefined || state.immediateCutover === wanted) return;
    await this.volume.change([wanted ? note(IMMEDIATE_CUTOVER, "") : remove(IMMEDIATE_CUTOVER)]);
  }

  /**
   * Forgets the notes of an update: no container has to be started again, and no cutover is immediate.
   *
   * From `settled`, once the stopped containers run again or have been replaced, and while the proxy does not run. A
   * kill in the middle leaves the stopped writers noted, and the next run starts them once more.
   */
  public async clearMarks(): Promise<void> {
    if ((await this.stateIfRunning()) === undefined) return;
    await this.volume.change([remove(IMMEDIATE_CUTOVER), remove(STOPPED_WRITERS)]);
  }

  /**
   * Accepts an update that has succeeded. It cannot be taken back any more.
   *
   * From `settled` and `switched`. Stopped writers are forgotten before the previous routes: after a kill in between,
   * the next run must not start them beside the serving release. It finds `switched`, and gives a verdict on the
   * cutover again.
   */
  public async accept(): Promise<void> {
    await this.volume.change([
      remove(IMMEDIATE_CUTOVER),
      remove(STOPPED_WRITERS),
      remove(PREVIOUS),
      ...candidatesUnder(newToken(), NO_ROUTES),
    ]);
  }

  /** The proxy can write to the volume, so a name that does not belong to the stack counts as no container. */
  private routes(api = "", console = ""): Routes {
    const stack = stackIn({ name: this.caddy, role: "caddy" });
    const valid = (name: string) => (isRoute(stack, name.trim()) ? name.trim() : UNROUTED);
    return { api: valid(api), console: valid(console) };
  }
}

function candidatesUnder(token: string, routes: Routes): Change[] {
  return [{ file: CANDIDATE_TOKEN, content: token, secret: true }, ...route(candidateFile, routes, ...UPSTREAMS)];
}

/** Writes files of this kind, in this order. */
function route(file: (upstream: Upstream) => string, routes: Routes, ...order: Upstream[]): Change[] {
  return order.map((upstream) => ({ file: file(upstream), content: `${routes[upstream]}\n` }));
}

function note(file: string, content: string): Change {
  return { file, content };
}

function remove(file: string): Change {
  return { file, content: undefined };
}

function lines({ api, console }: Routes): string {
  return `${api}\n${console}\n`;
}
