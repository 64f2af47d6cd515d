import { expect, test } from "vitest";
import { limitProcesses } from "../../../../components/host/docker/process-limit";
import { ScriptedDocker } from "../../../support/docker";

const NO_CONTROL = "Your kernel does not support PIDs limit capabilities or the cgroup is not mounted.";

test.each([
  ["holds", "abc\n", undefined],
  ["is not what this kernel can do", `abc\n${NO_CONTROL}\n`, NO_CONTROL],
  ["cannot be set", undefined, "Error: No such container"],
])("the limit of processes %s, and nothing else of the container changes", async (_, answer, why) => {
  const docker = new ScriptedDocker(() => answer);
  expect(await limitProcesses(docker, "abc")).toBe(why);
  expect(docker.asked).toEqual(["update --pids-limit=4096 abc"]);
});
