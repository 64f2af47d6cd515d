import { describe, expect, test, vi } from "vitest";
import { containersOf, isUp } from "../../../../components/host/docker/containers";
import type * as Output from "../../../../components/host/output";
import { heardBy } from "../../../../components/host/output";
import {
  activeFile,
  CANDIDATE_TOKEN,
  candidateFile,
  IMMEDIATE_CUTOVER,
  PREVIOUS,
  STOPPED_WRITERS,
  UNROUTED,
} from "../../../../components/host/routing/files";
import {
  differ,
  hasSwitched,
  isInterrupted,
  NO_ROUTES,
  phaseOf,
  type Routes,
  Routing,
  whoServes,
} from "../../../../components/host/routing/routing";
import {
  endHold,
  freezeWriters,
  restartPrevious,
  resumeInterrupted,
  stopWriters,
} from "../../../../components/host/routing/writers";
import { shouldRun } from "../../../../components/operations/recovery/revival";
import { isOneOf, WRITERS } from "../../../../components/release/names";
import { CADDY, containers, Killed, NEW, OLD, SimulatedHost } from "../../../support/simulated-host";

// On a simulated host no request is in progress, and no container is slow.
vi.mock("../../../../components/host/output", async (original) => ({
  ...(await original<typeof Output>()),
  sleep: () => Promise.resolve(),
}));

const [old, fresh] = [OLD, NEW].map(({ api, console }) => ({ api, console })) as [Routes, Routes];
const WRITERS_OF_OLD = [OLD.api, OLD.worker];
const TOKEN = "0".repeat(64);

/** The content of the files. A missing key means that the file does not exist. */
interface Files {
  readonly active: Routes;
  readonly candidates?: Routes;
  readonly previous?: Routes | undefined;
  readonly stopped?: readonly string[];
  readonly immediate?: boolean;
}

/** Every state of an update, and every state that a killed one leaves. */
const STATES = {
  "first install": { active: NO_ROUTES },
  "candidate at a first install": { active: NO_ROUTES, candidates: fresh },
  "switched at a first install": { active: fresh, candidates: fresh, previous: NO_ROUTES },
  serving: { active: old },
  candidate: { active: old, candidates: fresh },
  "immediate cutover requested": { active: old, immediate: true },
  switched: { active: fresh, candidates: fresh, previous: old },
  "switched at once": { active: fresh, candidates: fresh, previous: old, immediate: true },
  "held for postgres": { active: NO_ROUTES, previous: old },
  "writers noted": { active: old, stopped: WRITERS_OF_OLD },
  "held, writers stopped": { active: NO_ROUTES, previous: old, stopped: WRITERS_OF_OLD },
  "switched, writers stopped": { active: fresh, candidates: fresh, previous: old, stopped: WRITERS_OF_OLD },
} satisfies Record<string, Files>;
type State = keyof typeof STATES;

const ALL = Object.keys(STATES) as State[];
const FIRST: State[] = ["first install", "candidate at a first install"];
const UNHELD: State[] = ["serving", "candidate", "immediate cutover requested"];
const SWITCHED: State[] = ["switched", "switched at once"];
const LATER = ALL.filter((state) => !state.includes("first install"));

/** The files on the disk. Their format is an interface with older and newer programs. */
function onDisk({ active, candidates = NO_ROUTES, previous, stopped = [], immediate = false }: Files) {
  return {
    [activeFile("api")]: `${active.api}\n`,
    [activeFile("console")]: `${active.console}\n`,
    [candidateFile("api")]: `${candidates.api}\n`,
    [candidateFile("console")]: `${candidates.console}\n`,
    ...(previous && { [PREVIOUS]: `${previous.api}\n${previous.console}\n` }),
    ...(stopped.length > 0 && { [STOPPED_WRITERS]: stopped.join("\n") }),
    ...(immediate && { [IMMEDIATE_CUTOVER]: "" }),
  };
}

/**
 * A host in a state: both releases run, except for containers noted as stopped, and those that a first install lacks.
 */
function hostIn(state: State): SimulatedHost {
  const files: Files = STATES[state];
  const stands = { [OLD.api]: "exited", [OLD.worker]: "exited" };
  const all = containers(state.endsWith("writers stopped") ? stands : {});
  const present = state.includes("first install") ? all.filter(({ version }) => version !== "1.4.2") : all;
  return new SimulatedHost(present, { ...onDisk(files), [CANDIDATE_TOKEN]: TOKEN });
}

interface Transition {
  readonly name: string;
  readonly run: (host: SimulatedHost) => Promise<unknown>;
  /** The changes of an operation, by the states in which it may be called. */
  readonly from: readonly [readonly State[], Partial<Files>][];
  /** True if the candidates have another token afterwards. */
  readonly token?: true;
  /** The step of the next run before it reads the routing: a restore has its own state on the disk. */
  readonly first?: (host: SimulatedHost) => Promise<unknown>;
}

const NONE = { previous: undefined };
const TRANSITIONS: readonly Transition[] = [
  {
    name: "setCandidates",
    run: ({ routing }) => routing.setCandidates(fresh),
    from: [[ALL, { candidates: fresh }]],
    token: true,
  },
  {
    name: "clearCandidates",
    run: ({ routing }) => routing.clearCandidates(),
    from: [[ALL, { candidates: NO_ROUTES }]],
    token: true,
  },
  {
    name: "hold",
    run: ({ routing }) => routing.hold(() => Promise.resolve()),
    from: [
      [FIRST, { previous: NO_ROUTES }],
      [[...UNHELD, "writers noted"], { active: NO_ROUTES, previous: old }],
      [[...SWITCHED, "switched at a first install", "switched, writers stopped"], { active: NO_ROUTES }],
      [["held for postgres", "held, writers stopped"], {}],
    ],
  },
  {
    name: "endHold",
    run: ({ routing }) => routing.endHold(),
    from: [
      [["held for postgres"], { active: old, ...NONE }],
      [ALL.filter((state) => state !== "held for postgres"), {}],
    ],
  },
  {
    name: "switchTo",
    run: async ({ routing }) => routing.switchTo(fresh, whoServes(await routing.state())),
    from: [
      [FIRST, { active: fresh, previous: NO_ROUTES }],
      [[...UNHELD, "writers noted"], { active: fresh, previous: old }],
      [["held for postgres", "held, writers stopped"], { active: fresh }],
      [[...SWITCHED, "switched at a first install", "switched, writers stopped"], {}],
    ],
  },
  {
    name: "routeBack",
    run: ({ routing }) => routing.routeBack(),
    from: [
      [["switched at a first install"], { active: NO_ROUTES, ...NONE }],
      [[...SWITCHED, "held for postgres"], { active: old, ...NONE }],
      [[...FIRST, ...UNHELD, "writers noted"], {}],
    ],
  },
  {
    name: "settle",
    run: ({ routing }) => routing.settle(fresh),
    from: [[ALL, { active: fresh, candidates: NO_ROUTES, ...NONE }]],
    token: true,
    first: async ({ routing }) => {
      await routing.settle(fresh);
      await routing.clearMarks();
    },
  },
  {
    name: "noteStopped",
    run: ({ routing }) => routing.noteStopped(WRITERS_OF_OLD),
    from: [[LATER, { stopped: WRITERS_OF_OLD }]],
  },
  {
    name: "requestImmediateCutover(true)",
    run: ({ routing }) => routing.requestImmediateCutover(true),
    from: [[ALL, { immediate: true }]],
  },
  {
    name: "requestImmediateCutover(false)",
    run: ({ routing }) => routing.requestImmediateCutover(false),
    from: [[ALL, { immediate: false }]],
  },
  {
    name: "clearMarks",
    run: ({ routing }) => routing.clearMarks(),
    from: [[[...FIRST, ...UNHELD, "writers noted"], { stopped: [], immediate: false }]],
  },
  {
    name: "accept",
    run: ({ routing }) => routing.accept(),
    from: [
      [
        [...FIRST, ...UNHELD, ...SWITCHED, "switched at a first install", "writers noted", "switched, writers stopped"],
        { candidates: NO_ROUTES, stopped: [], immediate: false, ...NONE },
      ],
    ],
    token: true,
  },
];

const ROWS = TRANSITIONS.flatMap(({ from, ...transition }) =>
  from.flatMap(([states, change]) =>
    states.map((state) => ({ title: `${transition.name}, ${state}`, state, change, ...transition })),
  ),
);

test.each(ROWS)("$title: the files are exactly", async ({ state, change, run, token = false }) => {
  const host = hostIn(state);
  await run(host);
  const { [CANDIDATE_TOKEN]: now = "", ...files } = Object.fromEntries(host.files);
  expect(files).toEqual(onDisk({ ...STATES[state], ...change }));
  expect(now).toMatch(/^[0-9a-f]{64}$/);
  expect(now !== TOKEN).toBe(token);
});

test.each<[State, Routes]>([
  ["serving", old],
  ["candidate", old],
  ["held for postgres", old],
  ["held, writers stopped", old],
  ["switched", old],
  ["switched, writers stopped", old],
  ["first install", NO_ROUTES],
  ["switched at a first install", NO_ROUTES],
])("the serving release is the last one with a verdict: %s", async (state, serves) => {
  expect(whoServes(await hostIn(state).routing.state())).toEqual(serves);
});

test("a name that is not a container of the stack does not count, nor does an incomplete note", async () => {
  const planted = { [activeFile("api")]: "nestfleet-other-api-1", [activeFile("console")]: "x; rm -rf /" };
  const { routing } = new SimulatedHost(containers(), { ...planted, [PREVIOUS]: `${OLD.api}\n` });
  expect(await routing.state()).toMatchObject({ active: NO_ROUTES, previous: undefined });
});

test("without a proxy nothing is noted or undone; if the proxy does not answer, nothing is assumed", async () => {
  for (const state of ["exited", "restarting"]) {
    const host = new SimulatedHost(containers({ [CADDY]: state }), onDisk(STATES["held for postgres"]));
    const routing = Routing.of(host.docker, CADDY);
    const work = [() => routing.endHold(), () => routing.requestImmediateCutover(true), () => routing.clearMarks()];
    for (const one of work)
      if (state === "exited") await one();
      else await expect(one()).rejects.toThrow("is restarting");
    expect(Object.fromEntries(host.files)).toEqual(onDisk(STATES["held for postgres"]));
  }
});

test("a killed update never leaves the note for an early cutover to the next one", async () => {
  for (const end of ["clearMarks", "accept"] as const) {
    const files = onDisk({ active: old, stopped: WRITERS_OF_OLD, immediate: true });
    const host = new SimulatedHost(containers(), files);
    await killedAfter(host, 1, () => host.routing[end]());
    expect(await host.routing.state()).toMatchObject({ immediateCutover: false, stoppedWriters: WRITERS_OF_OLD });
  }
});

/** The run after a killed one: an update to either release, or `restore --recover` by hand. */
interface Next {
  readonly target: string | undefined;
  /** No migration of the new release has run. */
  readonly fits: boolean;
}
const NEXT: readonly Next[] = [
  { target: "1.4.2", fits: true },
  { target: "1.4.2", fits: false },
  { target: "1.5.0", fits: true },
  { target: "1.5.0", fits: false },
  { target: undefined, fits: true },
];

/** Begins as an update does: it starts the containers that should run, then recovers (`revive`, `recoverStack`). */
async function recover({ docker, routing }: SimulatedHost, { target, fits }: Next): Promise<void> {
  if (target !== undefined) {
    const state = await routing.state();
    const all = await containersOf(docker, "prod");
    const stopped = all.filter(({ state }) => state === "exited").filter(shouldRun(state, all));
    for (const { name } of stopped) await docker.run(["start", name]);
    if (!isInterrupted(state)) return;
  }
  if (await endHold(routing)) return;
  await resumeInterrupted(docker, routing, "prod", { target, fits: () => Promise.resolve(fits) });
}

/** Runs the work and kills it after so many changes of files and containers. Gives whether it was killed. */
async function killedAfter(host: SimulatedHost, changes: number, work: () => Promise<unknown>): Promise<boolean> {
  host.killedAfter = changes;
  const killed = await work().then(
    () => false,
    (error: unknown) => {
      if (!(error instanceof Killed)) throw error;
      return true;
    },
  );
  host.comesBack();
  return killed;
}

/** Expects that one release serves and requests are answered, unless the next update has to release them. */
async function expectDefined(host: SimulatedHost, { target, fits }: Next, title: string): Promise<void> {
  const state = await host.routing.state();
  const running = host.running();
  expect([old, fresh, NO_ROUTES], title).toContainEqual(whoServes(state));
  const started = host.moves.some((move) => move.startsWith("start "));
  const writers = [OLD, NEW].filter(({ api, worker }) => running.includes(api) || running.includes(worker));
  if (started) expect(writers, `${title}: writers of one release`).toHaveLength(1);
  if (isInterrupted(state)) {
    const isLeft = hasSwitched(state) ? target !== "1.4.2" : target === "1.5.0" && !fits;
    expect(isLeft, `${title}: left to the update that follows`).toBe(true);
    if (phaseOf(state) === "held") return;
  }
  // Before a first installation has succeeded, no user depends on an answer.
  const answering = Object.values(state.active).filter(
    (name) => name !== UNROUTED || differ(whoServes(state), NO_ROUTES),
  );
  for (const name of answering) expect(running, `${title}: answers`).toContain(name);
}

/** Kills a run after every number of changes, and its recovery after every number of changes, before each next run. */
async function expectRecovered(
  state: State,
  run: (host: SimulatedHost) => Promise<unknown>,
  first: (host: SimulatedHost) => Promise<unknown> = () => Promise.resolve(),
): Promise<void> {
  for (const next of NEXT)
    for (let changes = 0, more = true; more; changes++) {
      const recoveredFrom = async (recoveryKilledAfter: number) => {
        const host = hostIn(state);
        const killed = await killedAfter(host, changes, () => run(host));
        host.moves.length = 0;
        const recovery = async () => {
          await first(host);
          await recover(host, next);
        };
        const again = await killedAfter(host, recoveryKilledAfter, recovery);
        if (again) await recovery();
        return { host, killed, again };
      };
      const title = `killed after ${changes}, then ${next.target ?? "by hand"}, fits: ${String(next.fits)}`;
      const { host, killed } = await recoveredFrom(Infinity);
      more = killed;
      await expectDefined(host, next, title);
      const [files, running] = [onlyRouting(host), host.running()];
      await recover(host, next);
      expect([onlyRouting(host), host.running()], `${title}, once more`).toEqual([files, running]);
      for (let step = 0, again = true; again; step++) {
        const other = await recoveredFrom(step);
        again = other.again;
        const found = [onlyRouting(other.host), other.host.running()];
        expect(found, `${title}, itself killed after ${step}`).toEqual([files, running]);
      }
    }
}

/** The state without the candidates, which no request reaches once their update is dead. */
function onlyRouting({ files }: SimulatedHost): Record<string, string> {
  return Object.fromEntries([...files].filter(([file]) => !file.includes("candidate")).sort());
}

describe("killed between any two changes, the next run finds the serving release", () => {
  const quiet = <T>(work: () => Promise<T>) => heardBy(() => undefined, work);

  test.each(ROWS)("$title", ({ state, run, first }) => quiet(() => expectRecovered(state, run, first)));

  /** The calls of a recreate to 1.5.0 and of a restore. */
  const writersOf = async ({ docker }: SimulatedHost) =>
    (await containersOf(docker, "prod")).filter(
      (container) => isUp(container) && isOneOf(WRITERS, container.role) && container.version === "1.4.2",
    );
  const stops: Record<string, (host: SimulatedHost) => Promise<unknown>> = {
    stopWriters: async (host) => stopWriters(host.docker, host.routing, await writersOf(host)),
    freezeWriters: async (host) => freezeWriters(host.docker, host.routing, await writersOf(host)),
  };
  const stopping = Object.entries(stops).flatMap(([name, run]) =>
    [...UNHELD, ...SWITCHED, "writers noted" as const, "held for postgres" as const].map(
      (state) => [name, state, run] as const,
    ),
  );
  test.each(stopping)("%s, %s", (_, state, run) => quiet(() => expectRecovered(state, run)));

  const taking = LATER.filter((state) => state.includes("writers"));
  test.each(taking)("restartPrevious, %s", (state) =>
    quiet(() => expectRecovered(state, ({ docker, routing }) => restartPrevious(docker, routing, "prod"))),
  );
});
