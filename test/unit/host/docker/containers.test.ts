import { expect, test } from "vitest";
import { DockerError } from "../../../../components/host/docker/errors";
import { containersOf, ifRunning, isRunning, unlessStopped } from "../../../../components/host/docker/containers";
import { inspection, listing, ScriptedDocker } from "../../../support/docker";

const api = { id: "1", name: "prod-api", role: "api", version: "1.5.0", state: "running" };
const worker = { id: "2", name: "prod-worker", role: "worker", version: "1.5.0", state: "exited" };

test("a container's image, log, networks and limits come from Docker; one that is removed meanwhile is left out", async () => {
  const limits = {
    LogConfig: { Type: "json-file", Config: { tag: "x" } },
    Ulimits: [
      { Name: "nofile", Hard: 9, Soft: 9 },
      { Name: "core", Hard: 0, Soft: 0 },
    ],
  };
  const networks = { Networks: { front: {}, back: {} } };
  const docker = new ScriptedDocker((command) => {
    if (command.startsWith("ps ")) return "1\n2\n3";
    const both = [
      { ...inspection(api), HostConfig: limits, NetworkSettings: networks },
      { ...inspection(worker), HostConfig: { LogConfig: { Type: "journald", Config: null } } },
    ];
    throw new DockerError({
      command: "inspect",
      exitCode: 1,
      stderr: "Error: No such container: 3",
      stdout: JSON.stringify(both),
    });
  });
  const found = await containersOf(docker, "prod");
  expect(found.map(({ noCore, networks }) => ({ noCore, networks }))).toEqual([
    { noCore: true, networks: ["front", "back"] },
    { noCore: false, networks: undefined },
  ]);
  expect(found.map(({ name, role, version, state }) => [name, role, version, state])).toEqual([
    ["prod-api", "api", "1.5.0", "running"],
    ["prod-worker", "worker", "1.5.0", "exited"],
  ]);
  expect(found.map(({ imageId, running, log }) => ({ imageId, running, log }))).toEqual([
    { imageId: "sha256:1", running: true, log: { driver: "json-file", options: { tag: "x" } } },
    { imageId: "sha256:2", running: false, log: { driver: "journald", options: {} } },
  ]);
});

test.each([
  ["running", true],
  ["restarting", false],
  ["paused", false],
  ["exited", false],
  ["created", false],
])("a container that is %s runs: %s", async (state, runs) => {
  expect(await isRunning(new ScriptedDocker(listing([{ ...api, state }])), "prod-api")).toBe(runs);
  expect(await isRunning(new ScriptedDocker(listing([{ ...api, state }])), "prod-console")).toBe(false);
});

test("what is asked in a container that does not run has no answer; a failure of any other kind is one", async () => {
  const failing = (words: string): Promise<string> =>
    Promise.reject(new DockerError({ command: "exec", exitCode: 1, stderr: words, stdout: "" }));
  for (const words of ["Error: No such container: a", "Container 1f is not running"]) {
    expect(await unlessStopped(failing(words))).toBeUndefined();
    expect(await ifRunning(failing(words))).toBeUndefined();
  }
  for (const words of ["Container 1f is restarting, wait until it is running", "Container 1f is paused, unpause it"]) {
    await expect(unlessStopped(failing(words))).rejects.toThrow(words);
    expect(await ifRunning(failing(words))).toBeUndefined();
  }
  await expect(ifRunning(failing("connection reset"))).rejects.toThrow("connection reset");
  expect(await ifRunning(Promise.resolve("yes"))).toBe("yes");
});
