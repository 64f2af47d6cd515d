import { describe, expect, test, vi } from "vitest";
import { DockerError } from "../../../../components/host/docker/errors";
import type * as Output from "../../../../components/host/output";
import { heardBy, Refusal } from "../../../../components/host/output";
import {
  activeFile,
  candidateFile,
  IMMEDIATE_CUTOVER,
  PREVIOUS,
  STOPPED_WRITERS,
  UNROUTED,
} from "../../../../components/host/routing/files";
import { giveVerdict } from "../../../../components/operations/verdict/command";
import type { Request } from "../../../../components/operations/verdict/request";
import { KeptHistory } from "../../../support/kept-history";
import { CADDY, containers, NEW, OLD, POSTGRES, SimulatedHost } from "../../../support/simulated-host";

/** The action of a test while the workers are watched. */
let meanwhile: () => void = () => undefined;
vi.mock("../../../../components/host/output", async (original) => ({
  ...(await original<typeof Output>()),
  sleep: () => {
    meanwhile();
    return Promise.resolve();
  },
}));

const SERVING = [activeFile("api"), activeFile("console")];
const BESIDE = [POSTGRES, CADDY];
const routed = (api: string, console: string) => ({ [activeFile("api")]: api, [activeFile("console")]: console });
const SWITCHED = {
  ...routed(NEW.api, NEW.console),
  [PREVIOUS]: `${OLD.api}\n${OLD.console}\n`,
  [candidateFile("api")]: NEW.api,
  [candidateFile("console")]: NEW.console,
};
const STANDS = { [OLD.api]: "exited", [OLD.worker]: "exited" };
const RECREATED = { ...SWITCHED, [STOPPED_WRITERS]: `${OLD.api}\n${OLD.worker}` };

function hostWith(
  files: Readonly<Record<string, string>>,
  states: Readonly<Record<string, string>> = {},
  present: (version: string) => boolean = () => true,
) {
  const host = new SimulatedHost(containers(states).filter(({ version }) => present(version)), files); // prettier-ignore
  const history = new KeptHistory();
  host.beyond = (command, stdin) => {
    if (command.startsWith("volume ls ") || command.startsWith("image ls ")) return "";
    return history.answer(command, stdin);
  };
  meanwhile = () => undefined;
  return { host, history };
}

const asked: Request = {
  dockerHost: "unix:///nowhere",
  stack: "prod",
  caddy: CADDY,
  postgres: POSTGRES,
  release: { tag: "1.5.0" },
  started: 1,
  serving: { api: NEW.api, console: NEW.console },
  workers: [NEW.worker],
  containers: BESIDE,
  timeoutSeconds: 1,
  holdSeconds: 0,
  repositories: [],
  keepReplacedDays: 7,
};

const verdict = ({ host }: { host: SimulatedHost }, more: Partial<Request> = {}) =>
  giveVerdict({ ...asked, ...more }, host.docker);

async function refusal(set: { host: SimulatedHost }, more: Partial<Request> = {}): Promise<string> {
  const error: unknown = await verdict(set, more).catch((failure: unknown) => failure);
  if (!(error instanceof Refusal)) throw new Error(`not refused: ${String(error)}`);
  return error.message;
}

describe("an update whose workers work", () => {
  test.each<[string, Record<string, string>, Record<string, string>]>([
    ["rolling", SWITCHED, {}],
    ["at once", { ...SWITCHED, [IMMEDIATE_CUTOVER]: "" }, {}],
    ["with the writers stopped", RECREATED, STANDS],
  ])("has succeeded (%s): the notes and the old release are removed", async (_, files, states) => {
    const set = hostWith(files, states);
    await verdict(set);
    expect(set.host.notes()).toEqual(SERVING);
    expect(set.host.active()).toEqual([NEW.api, NEW.console]);
    expect(set.host.present()).toEqual([...Object.values(NEW), ...BESIDE]);
    expect(set.history.lines()).toEqual(["1.4.2 → 1.5.0 upgraded"]);
  });

  test("has no old release on a first installation", async () => {
    const files = { ...SWITCHED, [PREVIOUS]: `${UNROUTED}\n${UNROUTED}\n` };
    const set = hostWith(files, {}, (version) => version !== "1.4.2");
    await verdict(set);
    expect(set.host.notes()).toEqual(SERVING);
    expect(set.history.lines()).toEqual(["nothing → 1.5.0 installed"]);
  });

  test("has no line in the history under the same release", async () => {
    const set = hostWith(routed(NEW.api, NEW.console), {}, (version) => version !== "1.4.2");
    await verdict(set);
    expect([set.history.lines(), set.host.notes()]).toEqual([[], SERVING]);
  });

  test("was killed before its end: after a second verdict it has succeeded once", async () => {
    for (const more of [{}, STANDS]) {
      const set = hostWith(more === STANDS ? RECREATED : SWITCHED, more);
      const run = set.host.docker.run.bind(set.host.docker);
      set.host.docker.run = (args, ...others) =>
        args.includes("remove")
          ? Promise.reject(new DockerError({ command: "exec", exitCode: 1, stderr: "EOF", stdout: "" }))
          : run(args, ...others);
      await expect(verdict(set)).rejects.toThrow("EOF");
      expect(set.history.lines()).toEqual(["1.4.2 → 1.5.0 upgraded"]);
      set.host.docker.run = run;
      await verdict(set);
      expect(set.history.lines()).toEqual(["1.4.2 → 1.5.0 upgraded"]);
      expect([set.host.notes(), set.host.present()]).toEqual([SERVING, [...Object.values(NEW), ...BESIDE]]);
    }
  });

  test("has succeeded also if Docker cannot remove the old release, which is reported", async () => {
    const set = hostWith(SWITCHED);
    const run = set.host.docker.run.bind(set.host.docker);
    set.host.docker.run = (args, ...others) =>
      args[0] === "rm"
        ? Promise.reject(new DockerError({ command: "rm", exitCode: 1, stderr: "device or resource busy", stdout: "" }))
        : run(args, ...others);
    const said: string[] = [];
    await heardBy((line) => void said.push(line), () => verdict(set)); // prettier-ignore
    expect(said.join("\n")).toMatch(/warning: previous containers are left \(.*\): device or resource busy/);
    expect([set.host.notes(), set.history.lines()]).toEqual([SERVING, ["1.4.2 → 1.5.0 upgraded"]]);
  });
});

describe("an update whose worker is rejected", () => {
  test("goes back as a whole: the requests first, then its containers stop", async () => {
    const set = hostWith(SWITCHED);
    meanwhile = () => {
      set.host.become(NEW.worker, "restarting");
    };
    const report = await refusal(set);
    expect(report).toContain(`1.5.0 is refused: ${NEW.worker} does not stay up`);
    expect(report).toContain(`The requests go to ${OLD.api} and ${OLD.console} again.`);
    expect(set.host.notes()).toEqual(SERVING);
    expect(set.host.active()).toEqual([OLD.api, OLD.console]);
    expect(set.host.moves.sort()).toEqual(Object.values(NEW).map((name) => `stop ${name}`).sort()); // prettier-ignore
    expect(set.history.lines()).toEqual(["1.4.2 → 1.5.0 failed"]);
  });

  test("starts the stopped containers again, and never beside its own writers", async () => {
    const set = hostWith(RECREATED, STANDS);
    meanwhile = () => {
      set.host.become(NEW.worker, "restarting");
    };
    expect(await refusal(set)).toContain(`${OLD.api}, ${OLD.worker} started again, on the database as it is now.`);
    const [stopped, started] = ["stop", "start"].map((verb) =>
      set.host.moves.findIndex((move) => move === `${verb} ${verb === "stop" ? NEW.worker : OLD.api}`),
    );
    expect(stopped).toBeGreaterThan(-1);
    expect(started).toBeGreaterThan(stopped ?? 0);
    expect(set.host.notes()).toEqual(SERVING);
    expect(set.host.running()).toEqual([...Object.values(OLD), ...BESIDE]);
  });

  test("leaves no container that receives requests on a first installation", async () => {
    const files = { ...SWITCHED, [PREVIOUS]: `${UNROUTED}\n${UNROUTED}\n` };
    const set = hostWith(files, {}, (version) => version !== "1.4.2");
    meanwhile = () => {
      set.host.become(NEW.worker, "restarting");
    };
    expect(await refusal(set)).toContain(
      "Nothing served before: no container receives requests until an update succeeds.",
    );
    expect([set.host.active(), set.host.running()]).toEqual([[UNROUTED, UNROUTED], BESIDE]);
  });

  test("or cannot be read from Docker: it goes back, too", async () => {
    const set = hostWith(SWITCHED);
    meanwhile = () => {
      set.host.failures = ["inspect"];
      meanwhile = () => undefined;
    };
    expect(await refusal(set)).toContain("1.5.0 is refused: Docker gave an answer that was not expected");
    expect([set.host.notes(), set.host.active()]).toEqual([SERVING, [OLD.api, OLD.console]]);
  });
});

test.each(["running", "restarting", "paused"])(
  "what receives the requests and is not of this update is not removed, while it is %s",
  async (state) => {
    const set = hostWith({ ...SWITCHED, ...routed(OLD.api, OLD.console) }, { [OLD.api]: state });
    const files = new Map(set.host.files);
    expect(await refusal(set)).toMatch(
      /^The requests go to .*, which is not the api of this update\. Nothing was removed/,
    );
    expect([set.host.moves, set.host.files, set.history.lines()]).toEqual([[], files, []]);
  },
);
