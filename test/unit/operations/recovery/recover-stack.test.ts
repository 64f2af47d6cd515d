import { afterAll, beforeEach, expect, test, vi } from "vitest";
import { Refusal, say } from "../../../../components/host/output";
import { activeFile, PREVIOUS, UNROUTED } from "../../../../components/host/routing/files";
import { recoverInProgram } from "../../../../components/operations/recovery/recover-stack";
import { containers, OLD, POSTGRES, SimulatedHost } from "../../../support/simulated-host";

const HELD = {
  [PREVIOUS]: `${OLD.api}\n${OLD.console}\n`,
  [activeFile("api")]: UNROUTED,
  [activeFile("console")]: UNROUTED,
};

/** A host whose database has no unfinished restore. */
function hostWith(files: Readonly<Record<string, string>>, states: Readonly<Record<string, string>> = {}) {
  const host = new SimulatedHost(containers(states), files);
  host.beyond = (command) => (command.startsWith(`exec -i ${POSTGRES} `) ? "" : undefined);
  return host;
}

const written = vi.spyOn(process.stderr, "write");
beforeEach(() => {
  written.mockReset().mockReturnValue(true);
});
afterAll(() => {
  written.mockRestore();
});

test("requests that a killed run holds are sent on inside the program, which gets the messages", async () => {
  const { docker, ...host } = hostWith(HELD);
  const said = await recoverInProgram(docker, "prod", "1.4.2");
  expect(said).toEqual([`requests go to ${OLD.api} and ${OLD.console} again`]);
  expect(host.files.has(PREVIOUS)).toBe(false);
  expect(written).not.toHaveBeenCalled();
  say("after it, progress is shown as ever");
  expect(written).toHaveBeenCalledOnce();
});

test("without a database held requests are sent on all the same, with the reason why nothing more is done", async () => {
  const host = hostWith(HELD, { [POSTGRES]: "exited" });
  const [first, second] = await recoverInProgram(host.docker, "prod", "1.4.2");
  expect(first).toBe(`requests go to ${OLD.api} and ${OLD.console} again`);
  expect(second).toContain("The database does not run.");
  expect(host.active()).toEqual([OLD.api, OLD.console]);
});

test("a recovery that fails reports all its messages, and the reason", async () => {
  const host = hostWith({}, { [POSTGRES]: "exited" });
  const error: unknown = await recoverInProgram(host.docker, "prod", "1.4.2").catch((failure: unknown) => failure);
  expect(error).toBeInstanceOf(Refusal);
  expect((error as Refusal).message).toMatch(
    /^The database does not run\.\nNext: start it with: docker .*start nestfleet-prod-postgres/,
  );
  expect(written).not.toHaveBeenCalled();
});

test("an unforeseen answer of Docker is reported with the command", async () => {
  const host = hostWith({});
  host.failures = ["ps"];
  const error: unknown = await recoverInProgram(host.docker, "prod", "1.4.2").catch((failure: unknown) => failure);
  expect((error as Refusal).message).toMatch(
    /Docker gave an answer that was not expected:\n {2}asked: {4}docker [^]*\nNext: when Docker answers as it should .*run the same command again; it goes on where this one stopped/,
  );
});
