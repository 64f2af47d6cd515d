import { expect, test } from "vitest";
import { DockerError } from "../../../../components/host/docker/errors";
import { createIsolatedNetwork } from "../../../../components/host/docker/isolated-network";
import { ScriptedDocker } from "../../../support/docker";

function refusing(answer: string): ScriptedDocker {
  return new ScriptedDocker((command) => {
    if (command.startsWith("version ")) return "20.10.24";
    throw new DockerError({ command: "network", exitCode: 1, stderr: answer, stdout: "" });
  });
}

const isolated = ["ipv4", "ipv6"]
  .map((one) => `--opt=com.docker.network.bridge.gateway_mode_${one}=isolated `)
  .join("");

test.each([
  ["20.10.24+dfsg1", ""],
  ["27.5.1", ""],
  ["28.5.2", isolated],
  ["29.0.0-rc.1", isolated],
])("has its labels and no route out, not even to the host if Docker (%s) can do that", async (version, options) => {
  const docker = new ScriptedDocker((command) => (command.startsWith("version ") ? `${version}\n` : ""));
  await createIsolatedNetwork(docker, "scratch", ["label=org.nestfleet.role=drill"]);
  const made = docker.asked.filter((command) => command.startsWith("network "));
  expect(made).toEqual([`network create --internal ${options}--label=org.nestfleet.role=drill scratch`]);
});

test.each([
  "Error response from daemon: could not find an available, non-overlapping IPv4 address pool among the defaults to assign to the network",
  "Error response from daemon: all predefined address pools have been fully subnetted",
])("without a free address range, the fix is printed: %s", async (answer) => {
  await expect(createIsolatedNetwork(refusing(answer), "scratch")).rejects.toThrow(
    /no address range left[^]*Next: .*docker network prune.*default-address-pools/,
  );
});

test("any other answer is not taken for that", async () => {
  await expect(createIsolatedNetwork(refusing("permission denied"), "scratch")).rejects.toThrow("permission denied");
});
