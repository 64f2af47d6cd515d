import { afterEach, describe, expect, test, vi } from "vitest";
import { DockerError } from "../../../../components/host/docker/errors";
import type * as Output from "../../../../components/host/output";
import { Refusal } from "../../../../components/host/output";
import type * as Way from "../../../../components/host/routing/connection";
import {
  activeFile,
  candidateFile,
  IMMEDIATE_CUTOVER,
  PREVIOUS,
  STOPPED_WRITERS,
  UNROUTED,
} from "../../../../components/host/routing/files";
import { cutOver } from "../../../../components/operations/cutover/command";
import type { Request } from "../../../../components/operations/cutover/request";
import { KeptHistory } from "../../../support/kept-history";
import { CADDY, containers, NEW, OLD, POSTGRES, SimulatedHost } from "../../../support/simulated-host";
import { SimulatedSite } from "../../../support/simulated-site";

// The site is on this machine, so the waits can be short.
vi.mock("../../../../components/host/routing/connection", async (original) => {
  const way = await original<typeof Way>();
  const connectTo: typeof Way.connectTo = (_, address, port, signal) => way.connectDirectly(address, port, signal);
  return { ...way, connectTo };
});
vi.mock("../../../../components/host/output", async (original) => ({
  ...(await original<typeof Output>()),
  sleep: (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, Math.min(milliseconds, 5))),
}));

const OLD_RELEASE = Object.values(OLD);
const NEW_RELEASE = [NEW.api, NEW.console];
const BESIDE = [POSTGRES, CADDY];
const SERVING = [activeFile("api"), activeFile("console")];
const OFFERED = [candidateFile("api"), candidateFile("console")];
const FIRST = { [activeFile("api")]: UNROUTED, [activeFile("console")]: UNROUTED };
const HELD = { ...FIRST, [PREVIOUS]: `${OLD.api}\n${OLD.console}\n` };

const sites: SimulatedSite[] = [];
afterEach(() => {
  for (const site of sites.splice(0)) site.close();
});

/** A host without workers of the new release, which come after the cutover. */
function hostWith(
  files: Readonly<Record<string, string>> = {},
  states: Readonly<Record<string, string>> = {},
  present: (version: string) => boolean = () => true,
) {
  const all = containers(states).filter(({ name, version }) => name !== NEW.worker && present(version));
  const host = new SimulatedHost(all, files);
  const history = new KeptHistory();
  // Answers healthchecks and logs of a running container.
  host.beyond = (command, stdin) => {
    const [, checked = ""] = /^exec (\S+) healthy$/.exec(command) ?? [];
    return host.running().includes(checked) ? "" : history.answer(command, stdin);
  };
  const site = new SimulatedSite(host);
  sites.push(site);
  return { host, site, history };
}

type Set = ReturnType<typeof hostWith>;

async function cutover({ host, site }: Set, more: Partial<Request> = {}): Promise<unknown> {
  const target = (name: string) => ({ container: name, name, probe: ["CMD", "healthy"] });
  const asked: Request = {
    dockerHost: "unix:///nowhere",
    stack: "prod",
    postgres: POSTGRES,
    caddy: CADDY,
    entrance: await site.open(),
    release: { tag: "1.5.0", semver: "1.5.0" },
    timeoutSeconds: 0.1,
    holdSeconds: 0,
    targets: { api: target(NEW.api), console: target(NEW.console) },
    containers: BESIDE,
    ...more,
  };
  const result = await cutOver(asked, host.docker);
  return JSON.parse(result ?? "");
}

/** Gives the report of a cutover that must fail. */
async function refusal(set: Set, more: Partial<Request> = {}): Promise<string> {
  const error: unknown = await cutover(set, more).catch((failure: unknown) => failure);
  if (!(error instanceof Refusal)) throw new Error(`not refused: ${String(error)}`);
  return error.message;
}

describe("a release that answers as it should", () => {
  test("is checked as a candidate while the old release serves, then receives the requests", async () => {
    const set = hostWith();
    const users: string[] = [];
    set.site.status = () => (users.push(set.host.active()[0] ?? ""), 200);
    expect(await cutover(set)).toEqual({ version: "1.5.0", started: expect.any(Number) as number });
    expect(set.host.active()).toEqual(NEW_RELEASE);
    expect(set.host.files.get(PREVIOUS)).toBe(`${OLD.api}\n${OLD.console}\n`);
    expect(set.host.notes()).toEqual([...OFFERED, ...SERVING, PREVIOUS].sort());
    expect(set.host.moves).toEqual([]);
    const switched = users.indexOf(NEW.api);
    expect(switched).toBeGreaterThan(0);
    const { arrivals } = set.site;
    expect(arrivals.slice(0, switched).filter(({ path }) => path === "/health").every(({ container, candidate }) => candidate && container === NEW.api)).toBe(true); // prettier-ignore
    expect(arrivals.slice(switched).some(({ candidate }) => candidate)).toBe(false);
  });

  test("and has the same containers keeps its requests, also if they were held", async () => {
    for (const files of [{}, HELD]) {
      const set = hostWith(files, {}, (version) => version !== "1.5.0");
      set.site.version = "1.4.2";
      const own = (name: string) => ({ container: name, name, probe: ["CMD", "healthy"] });
      const targets = { api: own(OLD.api), console: own(OLD.console) };
      await cutover(set, { targets, release: { tag: "1.4.2", semver: "1.4.2" } });
      expect(set.host.notes()).toEqual(SERVING);
      expect(set.host.active()).toEqual([OLD.api, OLD.console]);
      expect(set.site.arrivals.some(({ candidate }) => candidate)).toBe(false);
    }
  });

  test("receives held requests, and the containers that were stopped for it stay noted until the verdict", async () => {
    const stands = { [OLD.api]: "exited", [OLD.worker]: "exited" };
    const set = hostWith({ ...HELD, [STOPPED_WRITERS]: `${OLD.api}\n${OLD.worker}` }, stands);
    await cutover(set);
    expect(set.host.active()).toEqual(NEW_RELEASE);
    expect(set.host.notes()).toEqual([...OFFERED, ...SERVING, PREVIOUS, STOPPED_WRITERS].sort());
    expect(set.host.moves).toEqual([]);
  });
});

describe("a release that is rejected as a candidate", () => {
  test("never receives a user request, stops, and the history has the reason", async () => {
    const set = hostWith();
    set.site.status = ({ candidate }) => (candidate ? 500 : 200);
    const report = await refusal(set);
    expect(report).toContain("1.5.0 is refused: http://localhost/health answers 500");
    expect(report).toContain(`The requests always went to ${OLD.api} and ${OLD.console}.`);
    expect(report).toContain(`The refused release was stopped: ${NEW.api}, ${NEW.console}.`);
    expect(set.host.active()).toEqual([OLD.api, OLD.console]);
    expect(set.host.notes()).toEqual(SERVING);
    expect(set.host.running()).toEqual([...OLD_RELEASE, ...BESIDE]);
    expect(set.history.lines()).toEqual(["1.4.2 → 1.5.0 failed"]);
  });

  test("with another version than configured: at once, with the fix if its answer is a constant", async () => {
    const set = hostWith();
    set.site.version = "1.4.2";
    const report = await refusal(set, { timeoutSeconds: 60 });
    expect(report).toContain("is answered by version 1.4.2, not by 1.5.0");
    expect(report).toContain("'nestfleet:health.version' ignore");
    expect(set.host.active()).toEqual([OLD.api, OLD.console]);
  });

  test("after the old release was stopped for it: the old release starts again and receives the held requests", async () => {
    const stands = { [OLD.api]: "exited", [OLD.worker]: "exited" };
    const set = hostWith({ ...HELD, [STOPPED_WRITERS]: `${OLD.api}\n${OLD.worker}` }, stands);
    set.site.status = () => 500;
    const report = await refusal(set);
    expect(report).toContain(`The requests go to ${OLD.api} and ${OLD.console} again.`);
    expect(report).toContain(`${OLD.api}, ${OLD.worker} started again, on the database as it is now.`);
    expect(set.host.running()).toEqual([...OLD_RELEASE, ...BESIDE]);
    expect(set.host.notes()).toEqual(SERVING);
  });

  test("on a first installation: no container receives requests, and the next update can begin anew", async () => {
    const set = hostWith(FIRST, {}, (version) => version !== "1.4.2");
    set.site.status = () => 500;
    const report = await refusal(set);
    expect(report).toContain("Nothing served before: no container receives requests until an update succeeds.");
    expect(set.host.active()).toEqual([UNROUTED, UNROUTED]);
    expect(set.host.notes()).toEqual([]);
    expect(set.host.running()).toEqual(BESIDE);
    expect(set.history.lines()).toEqual(["nothing → 1.5.0 failed"]);
  });
});

describe("a release that is rejected after the cutover", () => {
  test("loses the requests again, and stops", async () => {
    const set = hostWith();
    set.site.status = ({ container, candidate }) => (container === NEW.api && !candidate ? 500 : 200);
    const report = await refusal(set);
    expect(report).toContain(`The requests go to ${OLD.api} and ${OLD.console} again.`);
    expect(set.host.active()).toEqual([OLD.api, OLD.console]);
    expect(set.host.notes()).toEqual(SERVING);
    expect(set.host.running()).toEqual([...OLD_RELEASE, ...BESIDE]);
    expect(set.history.lines()).toEqual(["1.4.2 → 1.5.0 failed"]);
  });

  test("also if one of its containers exits while every answer is good", async () => {
    const set = hostWith();
    set.site.status = ({ candidate }) => {
      if (!candidate) set.host.become(NEW.console, "restarting");
      return 200;
    };
    const report = await refusal(set);
    expect(report).toMatch(new RegExp(`${NEW.console} does not stay up|/login answers 503`));
    expect(set.host.active()).toEqual([OLD.api, OLD.console]);
  });
});

describe("a release whose migrations may break the old one", () => {
  /** Answers well at first, and badly after some requests to `/health`. */
  const failingLater = (set: Set) => {
    let asked = 0;
    set.site.status = ({ path, container }) =>
      path === "/health" && container === NEW.api && ++asked > 30 ? 500 : 200;
  };

  test("receives the requests before the soak, and loses them if it fails then", async () => {
    const set = hostWith({ [IMMEDIATE_CUTOVER]: "" });
    failingLater(set);
    const report = await refusal(set, { holdSeconds: 2 });
    expect(report).toContain(`The requests go to ${OLD.api} and ${OLD.console} again.`);
    expect(set.host.notes()).toEqual(SERVING);
    expect(set.site.arrivals.some(({ path }) => path === "/")).toBe(false); // its pages are not warmed up
  });

  test("any other one passes the soak before", async () => {
    const set = hostWith();
    failingLater(set);
    expect(await refusal(set, { holdSeconds: 2 })).toContain("The requests always went to");
  });

  test("a restart ignores the note of a killed update", async () => {
    const files = { [activeFile("api")]: OLD.api, [activeFile("console")]: OLD.console, [IMMEDIATE_CUTOVER]: "" };
    const all = containers().map((one) => ({ ...one, version: one.version === "1.4.2" ? "1.5.0" : one.version }));
    const set = { ...hostWith(), host: new SimulatedHost(all, files) };
    set.host.beyond = (command, stdin) => (command.endsWith(" healthy") ? "" : set.history.answer(command, stdin));
    const site = new SimulatedSite(set.host);
    sites.push(site);
    failingLater({ ...set, site });
    expect(await refusal({ ...set, site }, { holdSeconds: 2 })).toContain("The requests always went to");
  });
});

describe("Docker fails", () => {
  /** Makes the command of that number fail once. Gives whether there was one. */
  function failing({ host }: Set, number: number): () => boolean {
    const run = host.docker.run.bind(host.docker);
    let commands = 0;
    host.docker.run = (args, ...more) =>
      ++commands === number
        ? Promise.reject(new DockerError({ command: args[0] ?? "", exitCode: 1, stderr: "EOF", stdout: "" }))
        : run(args, ...more);
    return () => commands >= number;
  }

  test("at any command: one release serves afterwards, and it is the old one if the update fails", async () => {
    const outcomes = new Set<string>();
    for (let number = 1, more = true; more; number++) {
      const set = hostWith();
      const reached = failing(set, number);
      const done = await cutover(set).then(() => "green", (error: unknown) => error instanceof DockerError ? "untouched" : "red"); // prettier-ignore
      more = reached();
      outcomes.add(done);
      const notes = done === "green" ? [...OFFERED, ...SERVING, PREVIOUS].sort() : SERVING;
      expect(set.host.notes(), `command ${number}: ${done}`).toEqual(notes);
      expect(set.host.active(), `command ${number}`).toEqual(done === "green" ? NEW_RELEASE : [OLD.api, OLD.console]);
      const running = done === "red" ? [...OLD_RELEASE, ...BESIDE] : [...OLD_RELEASE, ...NEW_RELEASE, ...BESIDE];
      expect(set.host.running(), `command ${number}`).toEqual(running);
    }
    expect([...outcomes].sort()).toEqual(["green", "red", "untouched"]);
  });

  test("and the report has the command and Docker's answer", async () => {
    const set = hostWith();
    const run = set.host.docker.run.bind(set.host.docker);
    set.host.docker.run = (args, ...more) => {
      const switches = args.includes(`${NEW.api}\n`) && args.includes(PREVIOUS);
      return switches
        ? Promise.reject(
            new DockerError({ command: "exec", exitCode: 1, stderr: "no space left on device", stdout: "" }),
          )
        : run(args, ...more);
    };
    const report = await refusal(set);
    expect(report).toContain("1.5.0 is refused: Docker gave an answer that was not expected");
    expect(report).toContain("no space left on device");
    expect(set.host.active()).toEqual([OLD.api, OLD.console]);
  });
});

test("a cutover that is stopped goes back; the new release was not rejected, and keeps running", async () => {
  const set = hostWith({ [IMMEDIATE_CUTOVER]: "" });
  set.site.status = ({ candidate }) => {
    if (!candidate) process.emit("SIGTERM", "SIGTERM");
    return 200;
  };
  const report = await refusal(set, { holdSeconds: 60 });
  expect(report).toContain("The update was stopped: it was stopped by SIGTERM.");
  expect(report).toContain(`The requests go to ${OLD.api} and ${OLD.console} again.`);
  expect(set.host.active()).toEqual([OLD.api, OLD.console]);
  expect(set.host.running()).toEqual([...OLD_RELEASE, ...NEW_RELEASE, ...BESIDE]);
  expect(set.history.lines()).toEqual([]);
});
