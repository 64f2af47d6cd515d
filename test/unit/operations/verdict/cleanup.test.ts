import { expect, test } from "vitest";
import { DockerError } from "../../../../components/host/docker/errors";
import { identify } from "../../../../components/host/identity";
import { clearAway, pruneImages, removeOthers } from "../../../../components/operations/verdict/cleanup";
import { listing, ScriptedDocker } from "../../../support/docker";

const container = (id: string, role: string, version: string, state = "running") => ({
  id,
  name: `nestfleet-prod-${role}-${id}`,
  role,
  version,
  state,
});

const listed = listing([
  container("1", "api", "1.4.2"),
  container("2", "api", "1.5.0"),
  container("3", "worker", "1.3.0", "exited"),
  container("4", "postgres", "17"),
  container("5", "rehearsal", "", "exited"),
]);
const removals = ({ asked }: ScriptedDocker) => asked.filter((command) => /^(stop|rm) /.test(command));

test("the containers of other releases are removed, running or not, with their anonymous volumes", async () => {
  const docker = new ScriptedDocker((command) => listed(command) ?? "");
  await removeOthers(docker, "prod", ["2"]);
  expect(removals(docker)).toEqual(["stop 1", "rm --volumes 1", "stop 3", "rm --volumes 3"]);
});

test("a container that Docker has already removed is not an error", async () => {
  const docker = new ScriptedDocker(listed);
  await removeOthers(docker, "prod", ["2", "3"]);
  expect(removals(docker)).toEqual(["stop 1", "rm --volumes 1"]);
});

const upgrade = (from: string, to: string, verdict = "upgraded") => ({ from, to, verdict });
const HISTORY = [upgrade("1.1.0", "1.2.0"), upgrade("1.2.0", "1.3.0"), upgrade("1.3.0", "1.4.0")];

test("images of releases that no rollback needs are removed, only by the tags in this stack's history", async () => {
  const present = ["api:1.1.0", "api:1.4.0", "api:1.6.0", "other:1.1.0", "api:1.0.0"];
  const docker = new ScriptedDocker((command) => (command.startsWith("image ls ") ? present.join("\n") : ""));
  const history = [...HISTORY, upgrade("1.4.0", "1.6.0", "failed")];
  await pruneImages(docker, "prod", ["docker.io/api", "console"], history);
  // One command, and not one for each former tag: over ssh, each takes half a second.
  expect(docker.asked.filter((command) => command.startsWith("image "))).toEqual([
    expect.stringMatching(/^image ls /),
    "image rm docker.io/api:1.1.0",
    "image rm docker.io/api:1.6.0",
  ]);
});

test.each<[string, string[], string, string[]]>([
  ["runs stays", ["staging\tapi\t1.1.0\tnestfleet-staging-api\trunning"], "", ["1.0.0"]],
  [
    "may go back to stays",
    ["staging\tpostgres\t17\tnestfleet-staging-postgres\trunning"],
    '{"at":"2026-01-01T00:00:00Z","operator":"eve","from":"1.1.0","to":"1.2.0","kind":"upgrade","backup":null,"migrations":[],"digests":{},"seconds":1,"verdict":"upgraded"}',
    ["1.0.0"],
  ],
  ["cannot be asked for keeps all", ["staging\tpostgres\t17\tnestfleet-staging-postgres\texited"], "", []],
  ["of one's own runs is no other's", ["prod\tapi\t1.1.0\tnestfleet-prod-api\trunning"], "", ["1.0.0", "1.1.0"]],
])("what another stack on the host %s", async (_, stacks, history, removed) => {
  const docker = new ScriptedDocker((command) => {
    if (command.startsWith("image ls ")) return "api:1.0.0\napi:1.1.0";
    if (command.startsWith("volume ls ")) return "";
    return command.startsWith("ps ") ? stacks.join("\n") : history;
  });
  await pruneImages(docker, "prod", ["api"], [upgrade("1.0.0", "1.1.0"), ...HISTORY]);
  const images = docker.asked.filter((command) => command.startsWith("image rm "));
  expect(images).toEqual(removed.map((tag) => `image rm api:${tag}`));
});

test.each([
  ["another stack is under way", "nestfleet-staging-lock", []],
  ["another stack with a longer name is under way", "nestfleet-prod-lock-2-lock", []],
  ["this one is, as it must be", "nestfleet-prod-lock\nnestfleet-prod-lock-0a1b2c3d", ["image rm api:1.0.0"]],
  ["another stack was, by a process that is gone", "nestfleet-gone-lock", ["image rm api:1.0.0"]],
  ["another stack's lock is freed just now", "nestfleet-freed-lock", ["image rm api:1.0.0"]],
])("while %s, what it is about to start stays", async (_, locks, removed) => {
  const held = {
    ...identify(process.pid),
    token: "0a1b2c3d-0000-4000-8000-000000000000",
    operator: "eve",
    since: "2026-11-27T08:00:00Z",
  };
  const labels = (more: object) => {
    const known = Object.entries({ ...held, ...more }).filter(([, value]) => value !== undefined);
    return Object.fromEntries(known.map(([key, value]) => [`org.nestfleet.lock.${key}`, String(value)]));
  };
  const docker = new ScriptedDocker((command) => {
    if (command.startsWith("inspect --type volume ")) {
      if (command.includes("freed"))
        throw new DockerError({ command: "inspect", exitCode: 1, stderr: "Error: no such volume", stdout: "[]" });
      return JSON.stringify([{ Labels: labels(command.includes("gone") ? { started: "1" } : {}) }]);
    }
    if (command.startsWith("image ls ")) return "api:1.0.0";
    return command.startsWith("volume ls ") ? `${locks}\n` : "";
  });
  await pruneImages(docker, "prod", ["api"], [upgrade("1.0.0", "1.1.0"), ...HISTORY]);
  expect(docker.asked.filter((command) => command.startsWith("image rm "))).toEqual(removed);
});

test("what Docker cannot remove is named, with the reason and the command; the rest is removed", async () => {
  const busy = new DockerError({
    command: "rm",
    exitCode: 1,
    stderr: "Error response from daemon: device or resource busy",
    stdout: "",
  });
  const docker = new ScriptedDocker((command) => {
    if (command === "rm --volumes 1") throw busy;
    if (command.startsWith("image ls ")) return "api:1.1.0";
    return listed(command) ?? "";
  });
  const asked = { stack: "prod", postgres: "pg", current: ["2", "3"], repositories: ["api"], keepReplacedDays: 7 };
  const changes = ["1.1.0", "1.2.0", "1.3.0", "1.4.0"].map((to) => ({ from: "1.0.0", to, verdict: "upgraded" }));
  expect(await clearAway(docker, asked, changes)).toEqual([
    expect.stringMatching(
      /^previous containers are left \(nestfleet-prod-api-1\): .*busy\. To remove them: docker .*rm --force --volumes nestfleet-prod-api-1$/,
    ),
  ]);
  expect(docker.asked).toContain("image rm api:1.1.0");
});
