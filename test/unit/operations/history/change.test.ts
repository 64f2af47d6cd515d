import { expect, test } from "vitest";
import { changeOf } from "../../../../components/operations/history/change";
import { listing, ScriptedDocker } from "../../../support/docker";

const BEFORE = { id: "1", name: "nestfleet-prod-api-1", role: "api", version: "1.4.2", state: "running" };
const NEW = { id: "2", name: "nestfleet-prod-api-2", role: "api", version: "1.5.0", state: "running" };
const CADDY = { id: "3", name: "nestfleet-prod-caddy", role: "caddy", version: "caddy:2", state: "running" };
const entry = (from: string | null, to: string, verdict: string) =>
  JSON.stringify({
    at: "",
    operator: "",
    from,
    to,
    kind: "",
    backup: null,
    migrations: [],
    digests: {},
    seconds: 1,
    verdict,
  });

const attempt = (role: string, container: string) => ({
  stack: "prod",
  postgres: "nestfleet-prod-postgres",
  caddy: CADDY.name,
  role,
  container,
});

interface Host {
  readonly containers: readonly (typeof BEFORE)[];
  /** In the proxy's files; undefined when it does not run. */
  readonly pointer?: string;
  readonly history?: string;
}

function host({ containers, pointer, history = "" }: Host): ScriptedDocker {
  const listed = listing(containers);
  return new ScriptedDocker((command) => {
    if (command.includes("history.jsonl")) return history;
    if (command.includes("upstream-before")) return pointer === undefined ? undefined : "";
    if (command.includes("/config/")) return pointer;
    const inspected = containers.find(({ name }) => command === `inspect --type container ${name}`);
    return inspected === undefined ? listed(command) : inspection(inspected);
  });
}

function inspection({ name, version }: typeof BEFORE): string {
  const state = { Status: "running", Running: true, Restarting: false, OOMKilled: false, ExitCode: 0, StartedAt: "" };
  const labels = { "org.nestfleet.version": version };
  return JSON.stringify([{ Id: name, Name: `/${name}`, RestartCount: 0, Config: { Labels: labels }, State: state }]);
}

test("of a release's own container: what the pointer names, and what its label says", async () => {
  const docker = host({ containers: [BEFORE, NEW, CADDY], pointer: BEFORE.name });
  expect(await changeOf(docker, attempt("api", "2"))).toEqual({ from: "1.4.2", to: "1.5.0" });
});

test("on a first install, whose pointers name nobody: from nothing", async () => {
  const docker = host({ containers: [NEW, CADDY], pointer: "255.255.255.255" });
  expect(await changeOf(docker, attempt("api", "2"))).toEqual({ from: undefined, to: "1.5.0" });
});

test("of a proxy that does not come up: from what the history says served, to the release beside it", async () => {
  const history = [entry(null, "1.4.2", "installed"), entry("1.4.2", "1.5.0", "failed")].join("\n");
  const both = host({ containers: [BEFORE, NEW, CADDY], history });
  expect(await changeOf(both, attempt("caddy", "3"))).toEqual({ from: "1.4.2", to: "1.5.0" });
  const alone = host({ containers: [BEFORE, CADDY], history });
  expect(await changeOf(alone, attempt("caddy", "3"))).toEqual({ from: "1.4.2", to: "1.4.2" });
});

test("of a first install's database: nothing is known, and nothing could be written", async () => {
  expect(await changeOf(host({ containers: [] }), attempt("postgres", "9"))).toBeUndefined();
});
