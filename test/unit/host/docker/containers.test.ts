import { expect, test } from "vitest";
import { containersOf } from "../../../../components/host/docker/containers";
import { ScriptedDocker } from "../../../support/docker";

test("a container's image, log, networks and limits are what Docker has of it; one that goes meanwhile is none", async () => {
  const docker = new ScriptedDocker((command) => {
    if (command.startsWith("ps "))
      return "1\tprod-api\tapi\t1.5.0\trunning\n2\tprod-worker\tworker\t1.5.0\texited\n3\tgone\tapi\t1.4.2\trunning";
    return JSON.stringify([
      {
        Id: "1",
        Image: "sha256:a",
        HostConfig: {
          LogConfig: { Type: "json-file", Config: { tag: "x" } },
          Ulimits: [
            { Name: "nofile", Hard: 9, Soft: 9 },
            { Name: "core", Hard: 0, Soft: 0 },
          ],
        },
        NetworkSettings: { Networks: { front: {}, back: {} } },
      },
      { Id: "2", Image: "sha256:b", HostConfig: { LogConfig: { Type: "journald", Config: null } } },
    ]);
  });
  const found = await containersOf(docker, "prod");
  expect(found.map(({ noCore, networks }) => ({ noCore, networks }))).toEqual([
    { noCore: true, networks: ["front", "back"] },
    { noCore: false, networks: undefined },
  ]);
  expect(found.map(({ name, imageId, running, log }) => ({ name, imageId, running, log }))).toEqual([
    { name: "prod-api", imageId: "sha256:a", running: true, log: { driver: "json-file", options: { tag: "x" } } },
    { name: "prod-worker", imageId: "sha256:b", running: false, log: { driver: "journald", options: {} } },
  ]);
});
