import { expect, test } from "vitest";
import { pruneImages, removeOthers } from "../../../scripts/lib/tidy";
import { listing, ScriptedDocker } from "../../support/docker";

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

test("the containers of other releases go, running or not, with the volumes that only they know", async () => {
  const docker = new ScriptedDocker((command) => listed(command) ?? "");
  await removeOthers(docker, "prod", ["2"]);
  expect(removals(docker)).toEqual(["stop 1", "rm --volumes 1", "stop 3", "rm --volumes 3"]);
});

test("that the engine was faster is no failure", async () => {
  const docker = new ScriptedDocker(listed);
  await removeOthers(docker, "prod", ["2", "3"]);
  expect(removals(docker)).toEqual(["stop 1", "rm --volumes 1"]);
});

test("images of releases that nobody goes back to are removed, by the tags of this stack's history alone", async () => {
  const docker = new ScriptedDocker(() => "");
  const upgrade = (from: string, to: string, verdict = "upgraded") => ({ from, to, verdict });
  const history = [upgrade("1.1.0", "1.2.0"), upgrade("1.2.0", "1.3.0"), upgrade("1.3.0", "1.4.0")];
  await pruneImages(docker, ["nestfleet-api"], [...history, upgrade("1.4.0", "1.6.0", "failed")]);
  expect(docker.asked).toEqual(["image rm nestfleet-api:1.1.0", "image rm nestfleet-api:1.6.0"]);
});
