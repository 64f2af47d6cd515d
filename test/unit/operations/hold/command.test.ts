import { describe, expect, test, vi } from "vitest";
import { DockerError } from "../../../../components/host/docker/errors";
import type * as Output from "../../../../components/host/output";
import { Refusal } from "../../../../components/host/output";
import { activeFile, PREVIOUS, STOPPED_WRITERS, UNROUTED } from "../../../../components/host/routing/files";
import { holdForPostgres } from "../../../../components/operations/hold/command";
import { reopen } from "../../../../components/operations/reopen/command";
import { CADDY, containers, NEW, OLD, POSTGRES, SimulatedHost } from "../../../support/simulated-host";

vi.mock("../../../../components/host/output", async (original) => ({
  ...(await original<typeof Output>()),
  sleep: () => Promise.resolve(),
}));

const SERVING = [activeFile("api"), activeFile("console")];
const unrouted = { [activeFile("api")]: UNROUTED, [activeFile("console")]: UNROUTED };
const previous = { [PREVIOUS]: `${OLD.api}\n${OLD.console}\n` };
const request = {
  dockerHost: "unix:///nowhere",
  stack: "prod",
  postgres: POSTGRES,
  caddy: CADDY,
  image: "sha256:next",
  back: "nestfleet-prod-back",
  definition: "",
};

function hostWith(files: Readonly<Record<string, string>> = {}, states: Readonly<Record<string, string>> = {}) {
  const host = new SimulatedHost(containers(states), files);
  // No trial container is left, and the database accepts every statement.
  host.beyond = (command) => (/^(exec .*nestfleet-prod-postgres|rm |network |volume )/.test(command) ? "" : undefined);
  return host;
}

const hold = (host: SimulatedHost) => holdForPostgres(request, host.docker);
const open = (host: SimulatedHost) => reopen({ dockerHost: "", caddy: CADDY, held: "" }, host.docker);

test("requests are held while postgres is replaced, and go to the same containers afterwards", async () => {
  const host = hostWith();
  expect(await hold(host)).toMatch(/^\{"held":"20/);
  expect([host.active(), host.files.get(PREVIOUS)]).toEqual([[UNROUTED, UNROUTED], previous[PREVIOUS]]);
  expect(await open(host)).toBeUndefined();
  expect([host.active(), host.notes(), host.moves]).toEqual([[OLD.api, OLD.console], SERVING, []]);
});

test("requests that a killed run has held are sent on once postgres answers", async () => {
  const host = hostWith({ ...previous, ...unrouted });
  expect(await hold(host)).toMatch(/^\{"held":"20/);
  await open(host);
  expect(host.notes()).toEqual(SERVING);
});

describe("nothing is held", () => {
  test.each<[string, Record<string, string>, Record<string, string>]>([
    ["where nothing serves yet", unrouted, {}],
    ["without a proxy", {}, { [CADDY]: "exited" }],
    ["where postgres does not run", {}, { [POSTGRES]: "exited" }],
    ["where a killed update has stopped writers", { [STOPPED_WRITERS]: OLD.api }, {}],
    ["before a cutover is judged", { ...previous, [activeFile("api")]: NEW.api }, {}],
  ])("%s", async (_, files, states) => {
    const host = hostWith(files, states);
    const before = new Map(host.files);
    expect(await hold(host)).toBeUndefined();
    expect(host.files).toEqual(before);
    await open(host);
    expect(host.files).toEqual(before);
  });
});

test("a hold that fails half-way is undone: postgres is not replaced, and the requests go to the same containers", async () => {
  const host = hostWith();
  const run = host.docker.run.bind(host.docker);
  let broken = false;
  host.docker.run = (args, ...more) => {
    const holdsApi = args.includes(activeFile("api")) && args.includes(`${UNROUTED}\n`);
    if (!holdsApi || broken) return run(args, ...more);
    broken = true;
    return Promise.reject(
      new DockerError({ command: "exec", exitCode: 1, stderr: "no space left on device", stdout: "" }),
    );
  };
  const error: unknown = await hold(host).catch((failure: unknown) => failure);
  expect(error).toBeInstanceOf(Refusal);
  expect((error as Refusal).message).toContain("postgres was not replaced: no space left on device");
  expect([broken, host.notes(), host.active()]).toEqual([true, SERVING, [OLD.api, OLD.console]]);
});
