import { describe, expect, test } from "vitest";
import { containersOf, isUp } from "../../../../components/host/docker/containers";
import { BEFORE, NOBODY, PAUSED, pointer, SWITCH_FIRST } from "../../../../components/host/routing/files";
import {
  endHold,
  forgetUpdate,
  freezeWriters,
  resume,
  resumeRelease,
  stopWriters,
  takeBack,
  WRITERS,
} from "../../../../components/host/routing/writers";
import { CADDY, containers, NEW, OLD, SimulatedHost } from "../../../support/simulated-host";

const resumed: typeof takeBack = (docker, caddy, stack) =>
  resume(docker, caddy, stack, { target: "1.4.2", fits: () => Promise.resolve(true) });
const noted = (...names: string[]) => ({ [PAUSED]: names.join("\n") });
const held = { [BEFORE]: `${OLD.api}\n${OLD.console}\n`, [pointer("api")]: NOBODY, [pointer("console")]: NOBODY };

describe("requests that are held while postgres is replaced", () => {
  test("go back to who had them, and nothing is started or stopped", async () => {
    for (const end of [endHold, takeBack, resumed]) {
      const host = new SimulatedHost(containers(), held);
      await end(host.docker, CADDY, "prod");
      expect(host.pointers()).toEqual([OLD.api, OLD.console]);
      expect([host.moves, host.files.has(BEFORE)]).toEqual([[], false]);
    }
  });

  test("stay held where somebody was stopped: that is taken back as a whole", async () => {
    const host = new SimulatedHost(containers({ [OLD.api]: "exited" }), { ...noted(OLD.api), ...held });
    expect(await endHold(host.docker, CADDY)).toBe(false);
    expect(host.pointers()).toEqual([NOBODY, NOBODY]);
  });

  test("are none where they go to somebody, or nobody has had any", async () => {
    const unjudged = new SimulatedHost(containers(), { [BEFORE]: held[BEFORE], [pointer("api")]: NEW.api });
    expect(await endHold(unjudged.docker, CADDY)).toBe(false);
    expect(unjudged.files.get(pointer("api"))).toBe(NEW.api);
    const first = new SimulatedHost(containers(), { [pointer("api")]: NOBODY, [pointer("console")]: NOBODY });
    expect(await endHold(first.docker, CADDY)).toBe(false);
  });
});

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

  test("lets an api run on where it stood", async () => {
    const host = new SimulatedHost(containers({ [NEW.api]: "created", [NEW.worker]: "created" }));
    const before = { running: host.running(), files: new Map(host.files) };
    const found = await containersOf(host.docker, "prod");
    const writers = found.filter((container) => isUp(container) && WRITERS.includes(container.role));
    await freezeWriters(host.docker, CADDY, writers);
    expect(host.moves).toEqual([`stop ${OLD.worker}`, `pause ${OLD.api}`]);
    expect(host.pointers()).toEqual([NOBODY, NOBODY]);

    expect(await takeBack(host.docker, CADDY, "prod")).toEqual([OLD.api, OLD.worker]);
    expect(host.moves.slice(2)).toEqual([`unpause ${OLD.api}`, `start ${OLD.worker}`]);
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
    expect(host.notes()).toEqual([pointer("api"), pointer("console")]);
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
  const killed = (files: Readonly<Record<string, string>> = held) =>
    new SimulatedHost(containers(states), { ...noted(OLD.api, OLD.worker), ...files });
  const next = (target: string | undefined, fits = false) => ({ target, fits: () => Promise.resolve(fits) });
  const switched = { ...held, [pointer("api")]: NEW.api, [pointer("console")]: NEW.console };

  test.each<[string, string | undefined, boolean]>([
    ["when the release that it had stopped is to serve on", "1.4.2", false],
    ["when another one is, and no migration has run: requests do not wait for its backup", "1.5.0", true],
    ["by hand, when nothing is known of what is to come", undefined, false],
  ])("%s", async (_, target, fits) => {
    const host = killed();
    expect(await resume(host.docker, CADDY, "prod", next(target, fits))).toEqual([OLD.api, OLD.worker]);
    expect(host.pointers()).toEqual([OLD.api, OLD.console]);
  });

  test("and not when another one is, whose migrations have run", async () => {
    const host = killed();
    expect(await resume(host.docker, CADDY, "prod", next("1.5.0"))).toEqual([]);
    expect(host.moves).toEqual([]);
    expect(host.pointers()).toEqual([NOBODY, NOBODY]);
  });

  test.each(["1.5.0", undefined])("nor once the requests have gone over (to serve: %s)", async (target) => {
    const host = killed(switched);
    expect(await resume(host.docker, CADDY, "prod", next(target, true))).toEqual([]);
    expect(host.pointers()).toEqual([NEW.api, NEW.console]);
  });
});

test("once an update is judged nothing of it can be taken back, whatever is killed: all at once, what was stopped first", async () => {
  const host = new SimulatedHost(containers({ [OLD.api]: "exited", [OLD.worker]: "exited" }), {
    ...noted(OLD.api, OLD.worker),
    [BEFORE]: `${OLD.api}\n${OLD.console}\n`,
    [pointer("api")]: NEW.api,
    [pointer("console")]: NEW.console,
    [SWITCH_FIRST]: "",
  });
  await forgetUpdate(host.docker, CADDY);
  const removal = expect.stringMatching(new RegExp(` ${CADDY} sh -c rm -f ${PAUSED} `)) as string;
  expect(host.docker.asked).toEqual([removal]);
  expect(await resume(host.docker, CADDY, "prod", { target: "1.4.2", fits: () => Promise.resolve(true) })).toEqual([]);
  expect(host.notes()).toEqual([pointer("api"), pointer("console")]);
  expect(host.pointers()).toEqual([NEW.api, NEW.console]);
  expect(host.moves).toEqual([]);
});
