import { expect, test } from "vitest";
import { DockerError } from "../../../../components/host/docker/errors";
import { lastWords } from "../../../../components/host/docker/log-tail";
import { ScriptedDocker } from "../../../support/docker";

const inspected = (role: string) => ({
  Id: "1f",
  Name: "/nestfleet-prod-api",
  Image: "sha256:1f",
  RestartCount: 0,
  Config: { Labels: { "org.nestfleet.role": role }, Env: ["JWT_SECRET=s3cret-s3cret"] },
  State: { Status: "", Running: false, Restarting: false, OOMKilled: false, ExitCode: 1, StartedAt: "" },
});

const host = (log: () => string, role = "api") =>
  new ScriptedDocker((command) => {
    if (command.startsWith("inspect ")) return JSON.stringify([inspected(role)]);
    return command.startsWith("logs ") ? log() : undefined;
  });

test("the end of a log is quoted without the secrets of its container", async () => {
  expect(
    await lastWords(
      host(() => "it was s3cret-s3cret"),
      "1f",
    ),
  ).toEqual(["Last lines of the log of nestfleet-prod-api:", "  | it was ***"]);
});

test("a log that is empty, and a container that is gone, add nothing to a report", async () => {
  expect(
    await lastWords(
      host(() => ""),
      "1f",
    ),
  ).toEqual([]);
  expect(
    await lastWords(
      host(() => ""),
      undefined,
    ),
  ).toEqual([]);
});

test.each([
  ["Docker's", new DockerError({ command: "logs", exitCode: 1, stderr: "the engine is away", stdout: "" })],
  ["the program's", new TypeError("the engine is away")],
])("the report says that a log cannot be read: %s", async (_, error) => {
  const docker = host(() => {
    throw error;
  });
  expect(await lastWords(docker, "1f")).toEqual(["The log of 1f cannot be read: the engine is away"]);
});
