import { expect, test } from "vitest";
import { DockerError } from "../../../../components/host/docker/errors";
import { SnapshotClient } from "../../../../components/host/docker/snapshot-client";
import { ScriptedDocker } from "../../../support/docker";

test("what was inspected is known by its id and its name; what is missing is asked for again", async () => {
  const containers: Record<string, object> = { "1f": { Id: "1f", Name: "/db" }, "2e": { Id: "2e", Name: "/web" } };
  const docker = new ScriptedDocker((command) => {
    const found = command.split(" ").flatMap((word) => containers[word] ?? []);
    const missing = command.split(" ").length - 3 > found.length;
    if (missing)
      throw new DockerError({
        command: "inspect",
        exitCode: 1,
        stderr: "Error: No such container: x",
        stdout: JSON.stringify(found),
      });
    return JSON.stringify(found);
  });
  const client = new SnapshotClient(docker);
  expect(await client.inspectAll(["1f", "2e"])).toEqual([containers["1f"], containers["2e"]]);
  expect(await client.inspect("db")).toBe((await client.inspectAll(["1f"]))[0]);
  expect(docker.asked).toEqual(["inspect --type container 1f 2e"]);
  // A volume may have the name of a container.
  expect(await client.inspect("db", "volume")).toBeUndefined();
  expect(await client.inspectAll(["3d", "1f"])).toEqual([containers["1f"]]);
  containers["3d"] = { Id: "3d", Name: "/new" };
  expect(await client.inspectAll(["3d", "1f"])).toEqual([containers["3d"], containers["1f"]]);
  expect(docker.asked.slice(1)).toEqual([
    "inspect --type volume db",
    "inspect --type container 3d",
    "inspect --type container 3d",
  ]);
});
