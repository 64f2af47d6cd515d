import { expect, test } from "vitest";
import { DockerError } from "../../../../components/host/docker/errors";
import { engineVersion } from "../../../../components/host/docker/engine-version";
import { isolates } from "../../../../components/host/docker/isolation";
import { ScriptedDocker } from "../../../support/docker";

test("Docker is asked once for its version, and again if it gave none", async () => {
  let answers = false;
  const docker = new ScriptedDocker(() => {
    if (answers) return "28.5.2\n";
    throw new DockerError({ command: "version", exitCode: 1, stderr: "Cannot connect to the Docker daemon" });
  });
  await expect(engineVersion(docker)).rejects.toThrow("Cannot connect");
  answers = true;
  expect([await engineVersion(docker), await isolates(docker), docker.asked.length]).toEqual(["28.5.2", true, 2]);
});

test("networks are isolated from version 28 on", async () => {
  expect(await isolates(new ScriptedDocker(() => "20.10.24+dfsg1"))).toBe(false);
});
