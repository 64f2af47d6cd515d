import { describe, expect, test } from "vitest";
import { containersOf, isUp } from "../../../../components/host/docker/containers";
import {
  PREVIOUS,
  UNROUTED,
  STOPPED_WRITERS,
  activeFile,
  IMMEDIATE_CUTOVER,
} from "../../../../components/host/routing/files";
import { Routing } from "../../../../components/host/routing/routing";
import {
  endHold,
  freezeWriters,
  restartPrevious,
  restartStoppedOf,
  resumeInterrupted,
  stopWriters,
} from "../../../../components/host/routing/writers";
import { isOneOf, WRITERS } from "../../../../components/release/names";
import { CADDY, containers, NEW, OLD, SimulatedHost } from "../../../support/simulated-host";

const routingOf = ({ docker }: SimulatedHost) => Routing.of(docker, CADDY);
const restarted = (host: SimulatedHost) => restartPrevious(host.docker, routingOf(host), "prod");
const next = (target: string | undefined, fits: boolean) => ({ target, fits: () => Promise.resolve(fits) });
const resumed = (host: SimulatedHost, target: string | undefined, fits: boolean) =>
  resumeInterrupted(host.docker, routingOf(host), "prod", next(target, fits));
const restartedOf = (host: SimulatedHost, version: string) =>
  restartStoppedOf(host.docker, routingOf(host), "prod", version);
const noted = (...names: string[]) => ({ [STOPPED_WRITERS]: names.join("\n") });
const held = {
  [PREVIOUS]: `${OLD.api}\n${OLD.console}\n`,
  [activeFile("api")]: UNROUTED,
  [activeFile("console")]: UNROUTED,
};

describe("requests that are held while postgres is replaced", () => {
  test("go back to the containers that received them, and none is started or stopped", async () => {
    const ends = [
      (host: SimulatedHost) => endHold(routingOf(host)),
      restarted,
      (host: SimulatedHost) => resumed(host, "1.4.2", true),
    ];
    for (const end of ends) {
      const host = new SimulatedHost(containers(), held);
      await end(host);
      expect(host.active()).toEqual([OLD.api, OLD.console]);
      expect([host.moves, host.files.has(PREVIOUS)]).toEqual([[], false]);
    }
  });

  test("stay held if containers were stopped: that is undone as a whole", async () => {
    const host = new SimulatedHost(containers({ [OLD.api]: "exited" }), { ...noted(OLD.api), ...held });
    expect(await endHold(routingOf(host))).toBe(false);
    expect(host.active()).toEqual([UNROUTED, UNROUTED]);
  });

  test("are not held if a container receives them, or none ever has", async () => {
    const unjudged = new SimulatedHost(containers(), { [PREVIOUS]: held[PREVIOUS], [activeFile("api")]: NEW.api });
    expect(await endHold(routingOf(unjudged))).toBe(false);
    expect(unjudged.files.get(activeFile("api"))).toBe(NEW.api);
    const first = new SimulatedHost(containers(), { [activeFile("api")]: UNROUTED, [activeFile("console")]: UNROUTED });
    expect(await endHold(routingOf(first))).toBe(false);
  });
});

describe("undoing", () => {
  test("a stop of the writers leaves everything as it was", async () => {
    const host = new SimulatedHost(containers({ [NEW.api]: "created", [NEW.worker]: "created" }));
    const before = { running: host.running(), files: new Map(host.files) };
    const found = await containersOf(host.docker, "prod");
    const writers = found.filter((container) => isUp(container) && isOneOf(WRITERS, container.role));
    await stopWriters(host.docker, routingOf(host), writers);
    expect(host.moves).toEqual([`stop ${OLD.worker}`, `stop ${OLD.api}`]);
    expect(host.active()).toEqual([UNROUTED, UNROUTED]);

    expect(await restarted(host)).toEqual([OLD.api, OLD.worker]);
    expect({ running: host.running(), files: host.files }).toEqual(before);
  });

  test("unpauses a paused api", async () => {
    const host = new SimulatedHost(containers({ [NEW.api]: "created", [NEW.worker]: "created" }));
    const before = { running: host.running(), files: new Map(host.files) };
    const found = await containersOf(host.docker, "prod");
    const writers = found.filter((container) => isUp(container) && isOneOf(WRITERS, container.role));
    await freezeWriters(host.docker, routingOf(host), writers);
    expect(host.moves).toEqual([`stop ${OLD.worker}`, `pause ${OLD.api}`]);
    expect(host.active()).toEqual([UNROUTED, UNROUTED]);

    expect(await restarted(host)).toEqual([OLD.api, OLD.worker]);
    expect(host.moves.slice(2)).toEqual([`unpause ${OLD.api}`, `start ${OLD.worker}`]);
    expect({ running: host.running(), files: host.files }).toEqual(before);
  });

  test("stops the writers of the rejected release before the old ones start", async () => {
    const states = { [OLD.api]: "exited", [OLD.worker]: "exited", [NEW.worker]: "restarting" };
    const host = new SimulatedHost(containers(states), { ...noted(OLD.api, OLD.worker), ...held });
    await restarted(host);
    expect(host.moves).toEqual([`stop ${NEW.api}`, `stop ${NEW.worker}`, `start ${OLD.api}`, `start ${OLD.worker}`]);
    expect(host.running()).toEqual([...Object.values(OLD), NEW.console, "nestfleet-prod-postgres", CADDY]);
    expect(host.active()).toEqual([OLD.api, OLD.console]);
  });

  test("stops a noted worker that still runs, because it may be stopping; the serving api goes on", async () => {
    const host = new SimulatedHost(containers({ [NEW.api]: "exited", [NEW.worker]: "exited" }), {
      ...noted(OLD.api, OLD.worker),
    });
    expect(await restarted(host)).toEqual([OLD.worker]);
    expect(host.moves).toEqual([`stop ${OLD.worker}`, `start ${OLD.worker}`]);
    expect(host.running()).toContain(OLD.worker);
    expect(host.active()).toEqual([OLD.api, OLD.console]);
  });

  test("does the same to an api while requests are held", async () => {
    const host = new SimulatedHost(
      containers({ [NEW.api]: "exited", [NEW.worker]: "exited", [OLD.worker]: "exited" }),
      {
        ...noted(OLD.api, OLD.worker),
        ...held,
      },
    );
    expect(await restarted(host)).toEqual([OLD.api, OLD.worker]);
    expect(host.moves).toEqual([`stop ${OLD.api}`, `start ${OLD.api}`, `start ${OLD.worker}`]);
    expect(host.active()).toEqual([OLD.api, OLD.console]);
  });

  test("removes the notes, so that a second time does nothing", async () => {
    const host = new SimulatedHost(containers({ [OLD.api]: "exited" }), {
      ...noted(OLD.api),
      ...held,
      [IMMEDIATE_CUTOVER]: "",
    });
    await restarted(host);
    expect(host.notes()).toEqual([activeFile("api"), activeFile("console")]);
    const moves = [...host.moves];
    expect(await restarted(host)).toEqual([]);
    expect(host.moves).toEqual(moves);
  });

  test("skips noted containers that no longer exist", async () => {
    const host = new SimulatedHost(containers({ [OLD.api]: "exited" }), noted("nestfleet-prod-api-0", OLD.api));
    expect(await restarted(host)).toEqual([OLD.api]);
  });

  test("starts only the serving release, if killed updates have stopped the writers of two", async () => {
    const stopped = [OLD.api, OLD.worker, NEW.api, NEW.worker];
    const host = new SimulatedHost(
      containers({ [OLD.api]: "exited", [OLD.worker]: "exited", [NEW.worker]: "exited" }),
      {
        ...noted(...stopped),
        ...held,
      },
    );
    expect(await restarted(host)).toEqual([OLD.api, OLD.worker]);
    expect(host.running()).toEqual([...Object.values(OLD), NEW.console, "nestfleet-prod-postgres", CADDY]);
    expect(host.notes()).toEqual([activeFile("api"), activeFile("console")]);
  });

  test("holds the requests to the rejected release before it stops", async () => {
    const host = new SimulatedHost(containers({ [OLD.api]: "exited", [OLD.worker]: "exited" }), {
      ...noted(OLD.api, OLD.worker),
      [PREVIOUS]: held[PREVIOUS],
      [activeFile("api")]: NEW.api,
      [activeFile("console")]: NEW.console,
    });
    await restarted(host);
    const hold = host.docker.asked.findIndex((command) => command.includes(`write ${activeFile("api")} ${UNROUTED}`));
    const stop = host.docker.asked.findIndex((command) => command.startsWith("stop "));
    expect(hold).toBeGreaterThan(-1);
    expect(stop).toBeGreaterThan(hold);
    expect(host.active()).toEqual([OLD.api, OLD.console]);
  });

  test("changes nothing if no noted container is left", async () => {
    const host = new SimulatedHost(containers(), { ...noted("nestfleet-prod-api-0"), [activeFile("api")]: NEW.api });
    expect(await restarted(host)).toEqual([]);
    expect([host.moves, host.active()[0]]).toEqual([[], NEW.api]);
  });

  test.each([
    ["nothing was noted", "running", {}],
    ["the proxy does not run", "exited", noted(OLD.api)],
  ])("changes nothing if %s", async (_, state, files) => {
    const host = new SimulatedHost(containers({ [CADDY]: state, [OLD.api]: "exited" }), files);
    expect(await restarted(host)).toEqual([]);
    expect(host.moves).toEqual([]);
  });
});

describe("after a restore, of the release that serves", () => {
  const all = noted(OLD.api, OLD.worker, NEW.api, NEW.worker);

  test("its stopped containers start again, and none of another release does", async () => {
    const states = { [OLD.api]: "exited", [OLD.worker]: "exited", [NEW.api]: "exited", [NEW.worker]: "exited" };
    const host = new SimulatedHost(containers(states), all);
    expect(await restartedOf(host, "1.4.2")).toEqual([OLD.api, OLD.worker]);
    expect(host.moves).toEqual([`start ${OLD.api}`, `start ${OLD.worker}`]);
    expect(host.files.get(STOPPED_WRITERS)).toBe(all[STOPPED_WRITERS]);
  });

  test("the serving api goes on, and a worker that is stopping is started again", async () => {
    const host = new SimulatedHost(containers({ [NEW.api]: "exited", [NEW.worker]: "exited" }), all);
    expect(await restartedOf(host, "1.4.2")).toEqual([OLD.worker]);
    expect(host.moves).toEqual([`stop ${OLD.worker}`, `start ${OLD.worker}`]);
  });

  test("no container starts that an update has not stopped", async () => {
    const host = new SimulatedHost(containers({ [OLD.worker]: "exited" }), noted(OLD.api));
    expect(await restartedOf(host, "1.4.2")).toEqual([]);
    expect(host.moves).toEqual([]);
  });
});

describe("an update that was killed before it held requests is undone", () => {
  test.each(["1.5.0", undefined])("its worker starts again (to serve: %s)", async (target) => {
    const host = new SimulatedHost(
      containers({ [OLD.worker]: "exited", [NEW.api]: "created", [NEW.worker]: "created" }),
      {
        ...noted(OLD.api, OLD.worker),
      },
    );
    expect(await resumed(host, target, true)).toEqual([OLD.worker]);
    expect(host.notes()).toEqual([activeFile("api"), activeFile("console")]);
  });
});

describe("an update that was killed is undone by the next one", () => {
  const states = { [OLD.api]: "exited", [OLD.worker]: "exited", [NEW.api]: "created", [NEW.worker]: "created" };
  const killed = (files: Readonly<Record<string, string>> = held) =>
    new SimulatedHost(containers(states), { ...noted(OLD.api, OLD.worker), ...files });
  const switched = { ...held, [activeFile("api")]: NEW.api, [activeFile("console")]: NEW.console };

  test.each<[string, string | undefined, boolean]>([
    ["when the release that it had stopped is to serve on", "1.4.2", false],
    ["when another one is, and no migration has run: requests do not wait for its backup", "1.5.0", true],
    ["by hand, when nothing is known of what is to come", undefined, false],
  ])("%s", async (_, target, fits) => {
    const host = killed();
    expect(await resumed(host, target, fits)).toEqual([OLD.api, OLD.worker]);
    expect(host.active()).toEqual([OLD.api, OLD.console]);
  });

  test("but not by an update to another release, if its migrations have run", async () => {
    const host = killed();
    expect(await resumed(host, "1.5.0", false)).toEqual([]);
    expect(host.moves).toEqual([]);
    expect(host.active()).toEqual([UNROUTED, UNROUTED]);
  });

  test.each(["1.5.0", undefined])("nor after the cutover (to serve: %s)", async (target) => {
    const host = killed(switched);
    expect(await resumed(host, target, true)).toEqual([]);
    expect(host.active()).toEqual([NEW.api, NEW.console]);
  });
});
