import { describe, expect, test } from "vitest";
import {
  PREVIOUS,
  candidateFile,
  UNROUTED,
  STOPPED_WRITERS,
  activeFile,
  IMMEDIATE_CUTOVER,
} from "../../../../components/host/routing/files";
import { goBack, goOn } from "../../../../components/operations/cutover/route-back";
import { CADDY, containers, NEW, OLD, SimulatedHost } from "../../../support/simulated-host";

const [old, fresh] = [OLD, NEW].map(({ api, console }) => ({ api, console })) as [Pair, Pair];
interface Pair {
  readonly api: string;
  readonly console: string;
}
const refused = { stack: "prod", caddy: CADDY, before: old, after: fresh, stop: true };
const offered = { [candidateFile("api")]: NEW.api, [candidateFile("console")]: NEW.console };
const switched = {
  [PREVIOUS]: `${OLD.api}\n${OLD.console}\n`,
  [activeFile("api")]: NEW.api,
  [activeFile("console")]: NEW.console,
};

describe("a release that is rejected", () => {
  test("as a candidate: the requests stay, its containers and its worker stop, and no later update hurries", async () => {
    const host = new SimulatedHost(containers(), { ...offered, [IMMEDIATE_CUTOVER]: "" });
    expect(await goBack(host.docker, refused)).toEqual([
      `The requests always went to ${OLD.api} and ${OLD.console}.`,
      `The refused release was stopped: ${NEW.api}, ${NEW.worker}, ${NEW.console}.`,
    ]);
    expect(host.active()).toEqual([OLD.api, OLD.console]);
    expect(host.running()).toEqual([...Object.values(OLD), "nestfleet-prod-postgres", CADDY]);
    expect(host.notes()).toEqual([activeFile("api"), activeFile("console")]);
  });

  test("after the cutover: the requests go back before anything stops", async () => {
    const host = new SimulatedHost(containers(), { ...offered, ...switched });
    const [first] = await goBack(host.docker, refused);
    expect(first).toBe(`The requests go to ${OLD.api} and ${OLD.console} again.`);
    expect(host.active()).toEqual([OLD.api, OLD.console]);
    const back = host.docker.asked.findIndex((command) => command.includes(`write ${activeFile("api")} ${OLD.api}`));
    const stop = host.docker.asked.findIndex((command) => command.startsWith("stop "));
    expect(back).toBeGreaterThan(-1);
    expect(stop).toBeGreaterThan(back);
  });

  test("while the old release is stopped for it: the old release starts again", async () => {
    const stands = containers({ [OLD.api]: "exited", [OLD.worker]: "exited" });
    const host = new SimulatedHost(stands, { ...switched, [STOPPED_WRITERS]: `${OLD.api}\n${OLD.worker}` });
    expect((await goBack(host.docker, refused)).at(-1)).toBe(
      `${OLD.api}, ${OLD.worker} started again, on the database as it is now.`,
    );
    expect(host.running()).toEqual([...Object.values(OLD), "nestfleet-prod-postgres", CADDY]);
    expect(host.active()).toEqual([OLD.api, OLD.console]);
  });

  test("on a first installation: no container receives the requests, and the report says so", async () => {
    const nobody = { api: UNROUTED, console: UNROUTED };
    const alone = containers().filter(({ version }) => version !== "1.4.2");
    const host = new SimulatedHost(alone, { ...switched, [PREVIOUS]: `${UNROUTED}\n${UNROUTED}\n` });
    expect(await goBack(host.docker, { ...refused, before: nobody })).toEqual([
      "Nothing served before: no container receives requests until an update succeeds.",
      `The refused release was stopped: ${NEW.api}, ${NEW.worker}, ${NEW.console}.`,
    ]);
    expect(host.active()).toEqual([UNROUTED, UNROUTED]);
    expect(host.running()).toEqual(["nestfleet-prod-postgres", CADDY]);
  });

  test.each([
    [
      "after the cutover",
      switched,
      "The previous containers no longer exist, so requests still go to the new ones.",
      NEW.api,
    ],
    [
      "as candidate",
      {},
      "The previous containers no longer exist: no container receives requests until an update succeeds.",
      OLD.api,
    ],
  ])("%s, and no old container is left", async (_, files, words, api) => {
    const host = new SimulatedHost(
      containers().filter(({ version }) => version !== "1.4.2"),
      files,
    );
    expect((await goBack(host.docker, refused))[0]).toBe(words);
    expect(host.active()[0]).toBe(api);
  });
});

test("an update that was stopped goes back, and its containers, which were not rejected, keep running", async () => {
  const host = new SimulatedHost(containers(), switched);
  expect(await goBack(host.docker, { ...refused, stop: false })).toEqual([
    `The requests go to ${OLD.api} and ${OLD.console} again.`,
  ]);
  expect(host.running()).toContain(NEW.worker);
});

test("Docker may fail at every step of it: it is done all the same, with the same report", async () => {
  const stands = () => containers({ [OLD.api]: "exited", [OLD.worker]: "exited" });
  const files = { ...offered, ...switched, [STOPPED_WRITERS]: `${OLD.api}\n${OLD.worker}` };
  const calm = new SimulatedHost(stands(), files);
  const told = await goBack(calm.docker, refused);
  const host = new SimulatedHost(stands(), files);
  host.failures = ["exec", "inspect", "ps", "stop", "start", "exec", "exec"];
  expect((await goBack(host.docker, refused, { pauseMs: 1 }))[0]).toBe(told[0]);
  expect(host.failures).toEqual([]);
  const left = (one: SimulatedHost) => [one.notes(), one.active(), one.running()];
  expect(left(host)).toEqual(left(calm));
});

test("a release that is rejected before its cutover hurries no later update, whether the old one was stopped or not", async () => {
  const rolling = new SimulatedHost(containers(), { [IMMEDIATE_CUTOVER]: "" });
  expect(await goOn(rolling.docker, refused)).toEqual([]);
  expect(rolling.notes()).toEqual([activeFile("api"), activeFile("console")]);
  const stands = containers({ [OLD.api]: "exited", [OLD.worker]: "exited" });
  const files = { [IMMEDIATE_CUTOVER]: "", [STOPPED_WRITERS]: `${OLD.api}\n${OLD.worker}` };
  const recreated = new SimulatedHost(stands, files);
  recreated.failures = ["start", "exec"];
  expect(await goOn(recreated.docker, refused, { pauseMs: 1 })).toEqual([
    `${OLD.api}, ${OLD.worker} started again, on the database as it is now.`,
  ]);
  expect(recreated.notes()).toEqual([activeFile("api"), activeFile("console")]);
});
