import { expect, test } from "vitest";
import { DockerError } from "../../../components/docker/client";
import { createIsolatedNetwork } from "../../../scripts/lib/isolated-network";
import { ScriptedDocker } from "../../support/docker";

function refusing(answer: string): ScriptedDocker {
  return new ScriptedDocker(() => {
    throw new DockerError("network", 1, answer, "");
  });
}

test("has its labels, and no way out", async () => {
  const docker = new ScriptedDocker(() => "");
  await createIsolatedNetwork(docker, "scratch", ["label=org.nestfleet.role=drill"]);
  expect(docker.asked).toEqual(["network create --internal --label=org.nestfleet.role=drill scratch"]);
});

test.each([
  "Error response from daemon: could not find an available, non-overlapping IPv4 address pool among the defaults to assign to the network",
  "Error response from daemon: all predefined address pools have been fully subnetted",
])("without a range that is left, what mends it is told: %s", async (answer) => {
  await expect(createIsolatedNetwork(refusing(answer), "scratch")).rejects.toThrow(
    /no address range left[^]*Next: .*docker network prune.*default-address-pools/,
  );
});

test("any other answer is not taken for that", async () => {
  await expect(createIsolatedNetwork(refusing("permission denied"), "scratch")).rejects.toThrow("permission denied");
});
