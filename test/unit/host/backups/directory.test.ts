import { expect, test } from "vitest";
import { DockerError } from "../../../../components/host/docker/errors";
import { backupDirectoryFault } from "../../../../components/host/backups/directory";
import { ScriptedDocker } from "../../../support/docker";

const POSTGRES = { name: "nestfleet-prod-postgres", imageId: "sha256:running" };
const FOUND = JSON.stringify([{ Mounts: [] }]);

/** What is run, for a stack with or without a database. */
async function tried(writes: boolean, postgres?: typeof POSTGRES) {
  const docker = new ScriptedDocker((command) => (command.startsWith("inspect ") ? FOUND : ""));
  const fault = await backupDirectoryFault(docker, "/srv/backups", { postgres, image: "evil/x:1", writes });
  return { fault, ran: docker.asked.filter((command) => command.startsWith("run ")) };
}

test("a preview looks at the directory with nothing that could write, and asks the image that runs already", async () => {
  const { fault, ran } = await tried(false, POSTGRES);
  expect(fault).toBeUndefined();
  expect(ran).toEqual([
    expect.stringMatching(/target=\/backups,readonly .*--entrypoint=test sha256:running -d \/backups$/),
  ]);
});

test.each([false, true])("a container with any image can only look at it (update: %s)", async (writes) => {
  const { ran } = await tried(writes);
  expect(ran).toHaveLength(1);
  for (const option of [
    ...["--pull=never", "--network=none", "--read-only", "--cap-drop=ALL", "--security-opt=no-new-privileges"],
    ...["--pids-limit=64", "--memory=256m", "--ulimit=core=0:0"],
  ])
    expect(ran[0]).toContain(` ${option} `);
});

test.each<[string, number, string, string | undefined]>([
  ["is read-only", 1, "", "it cannot be written to"],
  ["is not there", 125, "bind source path does not exist: /srv/backups", "it does not exist"],
  ["cannot be looked at", 125, "no space left on device", undefined],
])("one that %s", async (_, exitCode, stderr, fault) => {
  const docker = new ScriptedDocker((command) => {
    if (command.startsWith("run ")) throw new DockerError({ command: "run", exitCode, stderr, stdout: "" });
    return FOUND;
  });
  const asked = { postgres: undefined, image: "postgres:17", writes: true };
  expect(await backupDirectoryFault(docker, "/srv/backups", asked)).toBe(fault);
});
