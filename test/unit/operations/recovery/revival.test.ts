import { expect, test } from "vitest";
import { DockerError } from "../../../../components/host/docker/client";
import { revive } from "../../../../components/operations/recovery/revival";
import { listing, ScriptedDocker } from "../../../support/docker";

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
  expect(await revive(docker, "prod")).toEqual({
    started: [
      "nestfleet-prod-postgres-17",
      "nestfleet-prod-caddy-2",
      "nestfleet-prod-api-1.5.0",
      "nestfleet-prod-worker-1.5.0",
      "nestfleet-prod-console-1.5.0",
    ],
    failed: [],
  });
});

test("what an update has stopped stays so; so does what starts, and what was never started", async () => {
  const others = [container("worker", "1.5.1", "restarting"), container("api", "1.5.1", "created")];
  const paused = "nestfleet-prod-api-1.5.0\nnestfleet-prod-worker-1.5.0";
  expect(await revive(host([...both, ...others], "1.5.0", paused), "prod")).toEqual({
    started: ["nestfleet-prod-console-1.5.0"],
    failed: [],
  });
});

test("a host on which all runs is only asked", async () => {
  const docker = host([container("postgres", "17", "running"), container("api", "1.5.0", "running")], "1.5.0");
  expect(await revive(docker, "prod")).toEqual({ started: [], failed: [] });
  expect(docker.asked.filter((command) => command.startsWith("start"))).toEqual([]);
});

/** Answers like the host, but for the commands that begin so: they fail with Docker's words. */
function failing(docker: ScriptedDocker, refused: Readonly<Record<string, string>>): ScriptedDocker {
  const run = docker.run.bind(docker);
  docker.run = (args, ...more) => {
    const reason = Object.entries(refused).find(([command]) => args.join(" ").startsWith(command))?.[1];
    return reason === undefined
      ? run(args, ...more)
      : Promise.reject(new DockerError(args[0] ?? "", 1, `${reason}\n`, ""));
  };
  return docker;
}

test.each(["No such container: nestfleet-prod-caddy", "Container 1f2e is not running", "Container 1f2e is restarting"])(
  "where the proxy cannot be asked (%s), nobody serves, and nothing is started",
  async (reason) => {
    const docker = failing(host(both, "1.5.0"), { "exec nestfleet-prod-caddy": reason });
    expect(await revive(docker, "prod")).toEqual({ started: [], failed: [] });
  },
);

test("what Docker cannot start is told with its words, and the others are started", async () => {
  const reason = "driver failed programming external connectivity: address already in use";
  const stopped = [container("caddy", "2", "exited"), container("postgres", "17", "exited")];
  const docker = failing(host(stopped, "1.5.0"), { "start nestfleet-prod-caddy-2": reason });
  expect(await revive(docker, "prod")).toEqual({
    started: ["nestfleet-prod-postgres-17"],
    failed: [{ name: "nestfleet-prod-caddy-2", role: "caddy", reason }],
  });
});
