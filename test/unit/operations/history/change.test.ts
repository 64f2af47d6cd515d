import { expect, test } from "vitest";
import { changeOf } from "../../../../components/operations/history/change";
import { activeFile, UNROUTED } from "../../../../components/host/routing/files";
import type { Listed, ScriptedDocker } from "../../../support/docker";
import { SimulatedHost } from "../../../support/simulated-host";

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

interface Known {
  readonly containers: readonly Listed[];
  /** The container that receives the requests. */
  readonly active?: string;
  readonly history?: string;
}

function host({ containers, active = UNROUTED, history = "" }: Known): ScriptedDocker {
  const simulated = new SimulatedHost(containers, { [activeFile("api")]: active, [activeFile("console")]: active });
  simulated.beyond = (command) => (command.includes("history.jsonl") ? history : undefined);
  return simulated.docker;
}

test("of a release's own container: from the container in the routing to the version of its label", async () => {
  const docker = host({ containers: [BEFORE, NEW, CADDY], active: BEFORE.name });
  expect(await changeOf(docker, attempt("api", "2"))).toEqual({ from: "1.4.2", to: "1.5.0" });
});

test("on a first install, whose routing names no container: from nothing", async () => {
  const docker = host({ containers: [NEW, CADDY] });
  expect(await changeOf(docker, attempt("api", "2"))).toEqual({ from: undefined, to: "1.5.0" });
});

test("of a proxy that does not start: from the last release in the history to the release beside it", async () => {
  const history = [entry(null, "1.4.2", "installed"), entry("1.4.2", "1.5.0", "failed")].join("\n");
  const down = { ...CADDY, state: "restarting" };
  const both = host({ containers: [BEFORE, NEW, down], history });
  expect(await changeOf(both, attempt("caddy", "3"))).toEqual({ from: "1.4.2", to: "1.5.0" });
  const alone = host({ containers: [BEFORE, down], history });
  expect(await changeOf(alone, attempt("caddy", "3"))).toEqual({ from: "1.4.2", to: "1.4.2" });
});

test("of a first install's database: unknown, and it could not be written", async () => {
  expect(await changeOf(host({ containers: [] }), attempt("postgres", "9"))).toBeUndefined();
});
