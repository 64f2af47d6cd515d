import { expect, test } from "vitest";
import { DockerError } from "../../../../components/host/docker/errors";
import { activeFile, PREVIOUS, STOPPED_WRITERS, UNROUTED } from "../../../../components/host/routing/files";
import { isUnfinished } from "../../../../components/operations/recovery/unfinished";
import { CADDY, containers, NEW, OLD, POSTGRES, SimulatedHost } from "../../../support/simulated-host";

const active = (api: string, console: string) => ({ [activeFile("api")]: api, [activeFile("console")]: console });
const previous = { [PREVIOUS]: `${OLD.api}\n${OLD.console}\n` };
const held = { ...previous, ...active(UNROUTED, UNROUTED) };

/** `restore` is the content of a restore's file; a string is Docker's reason why the database cannot be read. */
function unfinished(host: SimulatedHost, restore: string | DockerError = ""): Promise<boolean> {
  host.beyond = (command) => {
    if (!command.startsWith(`exec -i ${POSTGRES} `)) return undefined;
    if (restore instanceof DockerError) throw restore;
    return restore;
  };
  return isUnfinished(host.docker, "prod");
}
const failure = (words: string) => new DockerError({ command: "exec", exitCode: 1, stderr: words, stdout: "" });

test.each<[string, Record<string, string>, boolean]>([
  ["the containers that served were stopped", { [STOPPED_WRITERS]: OLD.api }, true],
  ["requests are held, and no container was stopped", held, true],
  ["pages alone are held", { ...previous, ...active(OLD.api, UNROUTED) }, true],
  ["requests were about to be held", previous, true],
  ["a cutover was not judged", { ...previous, ...active(NEW.api, NEW.console) }, false],
  ["a cutover of the console alone was not judged", { ...previous, ...active(OLD.api, NEW.console) }, false],
  ["nothing has served yet", active(UNROUTED, UNROUTED), false],
  ["nothing was stopped", { [STOPPED_WRITERS]: "" }, false],
])("it is known from the proxy's files: %s", async (_, files, expected) => {
  expect(await unfinished(new SimulatedHost(containers(), files))).toBe(expected);
});

test("it is known from a restore that has begun, with any content of its file", async () => {
  for (const state of ['{"step":"restoring"}', "a link", "nonsense"])
    expect(await unfinished(new SimulatedHost(containers()), state)).toBe(true);
});

test("nothing is unfinished if database or proxy cannot be read", async () => {
  for (const words of [
    "Error: No such container: x",
    "Container 1f is not running",
    "Container 1f is restarting, wait",
  ])
    expect(await unfinished(new SimulatedHost(containers(), held), failure(words))).toBe(false);
  for (const state of ["exited", "restarting", "paused"])
    expect(await unfinished(new SimulatedHost(containers({ [CADDY]: state }), held))).toBe(false);
});

test("a failed command does not count as an answer", async () => {
  const asked = unfinished(new SimulatedHost(containers()), failure("connection reset by peer"));
  await expect(asked).rejects.toThrow("connection reset");
});
