import { expect, test } from "vitest";
import { DockerError } from "../../../../components/host/docker/errors";
import { revive } from "../../../../components/operations/recovery/revival";
import { activeFile, PREVIOUS, STOPPED_WRITERS, UNROUTED } from "../../../../components/host/routing/files";
import type { Listed } from "../../../support/docker";
import { CADDY as PROXY, SimulatedHost } from "../../../support/simulated-host";

const container = (role: string, version: string, state: string) => ({
  id: `${role}-${version}`,
  name: `nestfleet-prod-${role}-${version.replaceAll(".", "")}`,
  role,
  version,
  state,
});

const CADDY = container("caddy", "2", "running");
const files = (serving: string) => ({
  [activeFile("api")]: `nestfleet-prod-api-${serving}`,
  [activeFile("console")]: `nestfleet-prod-console-${serving}`,
});

/** A host with a proxy that has these files. */
function host(containers: Listed[], noted: Readonly<Record<string, string>>): SimulatedHost {
  const proxy = containers.some(({ role }) => role === "caddy") ? [] : [CADDY];
  const all = [...containers, ...proxy].map((one) => (one.role === "caddy" ? { ...one, name: PROXY } : one));
  return new SimulatedHost(all, noted);
}

const both = ["api", "worker", "console"].flatMap((role) => [
  container(role, "1.4.2", "exited"),
  container(role, "1.5.0", "exited"),
]);

test("the serving release is started again, the database and the proxy first; the old one is not", async () => {
  const stopped = [...both, container("postgres", "17", "exited"), container("caddy", "2", "exited")];
  expect(await revive(host(stopped, files("150")).docker, "prod")).toEqual({
    started: [
      "nestfleet-prod-postgres-17",
      PROXY,
      "nestfleet-prod-api-150",
      "nestfleet-prod-worker-150",
      "nestfleet-prod-console-150",
    ],
    failed: [],
  });
});

test("containers that an update has stopped are left alone, and so are starting ones and those that never started", async () => {
  const others = [container("worker", "1.5.1", "restarting"), container("api", "1.5.1", "created")];
  const stopped = { [STOPPED_WRITERS]: "nestfleet-prod-api-150\nnestfleet-prod-worker-150" };
  const { docker } = host([...both, ...others], { ...files("150"), ...stopped });
  expect(await revive(docker, "prod")).toEqual({ started: ["nestfleet-prod-console-150"], failed: [] });
});

const previous = { [PREVIOUS]: "nestfleet-prod-api-142\nnestfleet-prod-console-142\n" };

test("the release for which requests are held is started again", async () => {
  const held = { ...previous, [activeFile("api")]: UNROUTED, [activeFile("console")]: UNROUTED };
  const { started } = await revive(host(both, held).docker, "prod");
  expect(started).toEqual(["api", "worker", "console"].map((role) => `nestfleet-prod-${role}-142`));
});

test("while a cutover has no verdict, the new release is started, and not the old one beside it", async () => {
  const { started } = await revive(host(both, { ...previous, ...files("150") }).docker, "prod");
  expect(started).toEqual(["api", "worker", "console"].map((role) => `nestfleet-prod-${role}-150`));
});

test("a host on which everything runs is only read", async () => {
  const all = [container("postgres", "17", "running"), container("api", "1.5.0", "running")];
  const { docker, moves } = host(all, files("150"));
  expect(await revive(docker, "prod")).toEqual({ started: [], failed: [] });
  expect(moves).toEqual([]);
});

test.each(["", "exited", "restarting"])("if the proxy cannot be read (%s), nothing is started", async (state) => {
  const proxy = state === "" ? [] : [{ ...container("caddy", "2", state), name: PROXY }];
  const simulated = new SimulatedHost([...both, ...proxy], files("150"));
  simulated.beyond = (command) => {
    if (command === `start ${PROXY}`)
      throw new DockerError({ command: "start", exitCode: 1, stderr: "port is already allocated\n", stdout: "" });
    return undefined;
  };
  const failed = [{ name: PROXY, role: "caddy", reason: "port is already allocated" }];
  expect(await revive(simulated.docker, "prod")).toEqual({ started: [], failed: state === "exited" ? failed : [] });
});

test("a container that Docker cannot start is reported with Docker's message, and the others are started", async () => {
  const reason = "driver failed programming external connectivity: address already in use";
  const simulated = host([container("caddy", "2", "exited"), container("postgres", "17", "exited")], files("150"));
  simulated.beyond = (command) => {
    if (command === `start ${PROXY}`)
      throw new DockerError({ command: "start", exitCode: 1, stderr: `${reason}\n`, stdout: "" });
    return undefined;
  };
  expect(await revive(simulated.docker, "prod")).toEqual({
    started: ["nestfleet-prod-postgres-17"],
    failed: [{ name: PROXY, role: "caddy", reason }],
  });
});
