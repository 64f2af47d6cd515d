import { describe, expect, test } from "vitest";
import { DockerError } from "../../../../components/host/docker/errors";
import { end, freeze, thaw } from "../../../../components/host/docker/freezing";
import { ScriptedDocker } from "../../../support/docker";

const refusing = (words: Readonly<Record<string, string>>) =>
  new ScriptedDocker((command) => {
    const complaint = words[command.split(" ")[0] ?? ""];
    if (complaint !== undefined) throw new DockerError({ command: "", exitCode: 1, stderr: complaint, stdout: "" });
    return "";
  });

describe("a container that is to stand still", () => {
  test("is paused", async () => {
    const docker = refusing({});
    await freeze(docker, "api");
    expect(docker.asked).toEqual(["pause api"]);
  });

  test("is stopped where it cannot be paused", async () => {
    const docker = refusing({
      pause: "Error response from daemon: cannot pause container: cgroups: freezer not supported",
    });
    await freeze(docker, "api");
    expect(docker.asked).toEqual(["pause api", "stop -t 0 api"]);
  });

  test.each(["Container api is already paused", "Container 1f is not running", "No such container: api"])(
    "needs nothing where %j",
    async (complaint) => {
      const docker = refusing({ pause: complaint, unpause: "Container api is not paused", kill: complaint });
      await freeze(docker, "api");
      await thaw(docker, "api");
      expect(docker.asked).toEqual(["pause api", "unpause api"]);
    },
  );

  test("is killed where it stands, and what else Docker says is an error", async () => {
    await expect(end(refusing({ kill: "permission denied" }), "api")).rejects.toThrow("permission denied");
    await expect(thaw(refusing({ unpause: "permission denied" }), "api")).rejects.toThrow("permission denied");
  });
});
