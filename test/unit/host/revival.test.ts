import { expect, test } from "vitest";
import { revive } from "../../../components/host/revival";
import { listing, ScriptedDocker } from "../../support/docker";

const container = (role: string, version: string, state: string) => ({
  id: `${role}-${version}`,
  name: `nestfleet-prod-${role}-${version}`,
  role,
  version,
  state,
});

/** A host of which the proxy knows who serves, and what an update has stopped. */
function host(containers: ReturnType<typeof container>[], serving: string, paused = ""): ScriptedDocker {
  const listed = listing(containers);
  const files: Record<string, string> = {
    "/config/upstream-api": `nestfleet-prod-api-${serving}`,
    "/config/upstream-console": `nestfleet-prod-console-${serving}`,
    "/config/paused": paused,
  };
  return new ScriptedDocker((command) => {
    if (command.startsWith("ps --quiet")) return "1";
    const read = /cat (\S+)/.exec(command)?.[1];
    return read === undefined ? (listed(command) ?? "") : (files[read] ?? "");
  });
}

const both = ["api", "worker", "console"].flatMap((role) => [
  container(role, "1.4.2", "exited"),
  container(role, "1.5.0", "exited"),
]);

test("what serves is started again, the database and the proxy first; the release before is not", async () => {
  const docker = host([...both, container("postgres", "17", "exited"), container("caddy", "2", "exited")], "1.5.0");
  expect(await revive(docker, "prod")).toEqual([
    "nestfleet-prod-postgres-17",
    "nestfleet-prod-caddy-2",
    "nestfleet-prod-api-1.5.0",
    "nestfleet-prod-worker-1.5.0",
    "nestfleet-prod-console-1.5.0",
  ]);
});

test("what an update has stopped stays so; so does what starts, and what was never started", async () => {
  const others = [container("worker", "1.5.1", "restarting"), container("api", "1.5.1", "created")];
  const paused = "nestfleet-prod-api-1.5.0\nnestfleet-prod-worker-1.5.0";
  expect(await revive(host([...both, ...others], "1.5.0", paused), "prod")).toEqual(["nestfleet-prod-console-1.5.0"]);
});

test("a host on which all runs is only asked", async () => {
  const docker = host([container("postgres", "17", "running"), container("api", "1.5.0", "running")], "1.5.0");
  expect(await revive(docker, "prod")).toEqual([]);
  expect(docker.asked.filter((command) => command.startsWith("start"))).toEqual([]);
});
