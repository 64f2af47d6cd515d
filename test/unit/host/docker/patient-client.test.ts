import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { DockerError } from "../../../../components/host/docker/errors";
import { isPassing, PatientClient } from "../../../../components/host/docker/patient-client";

const failure = (stderr: string) => new DockerError({ command: "exec", exitCode: 1, stderr, stdout: "" });

describe("passing are", () => {
  test.each([
    "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?",
    "failed to connect to the docker API at unix:///var/run/docker.sock; check if the path is correct",
    'error during connect: Post "http://%2Fvar%2Frun%2Fdocker.sock/v1.41/containers/a/stop": EOF',
    "error during connect: command [ssh -l root host docker system dial-stdio] has exited with exit status 255",
    "unexpected EOF",
    'Error response from daemon: connection error: desc = "transport: dial unix /run/containerd/containerd.sock: connect: connection refused"',
    "kex_exchange_identification: Connection closed by remote host",
  ])("%s", (stderr) => {
    expect(isPassing(failure(stderr))).toBe(true);
  });
});

describe("answers are", () => {
  test.each([
    "Error: No such container: a",
    "Error response from daemon: Container a is not running",
    "connect ECONNREFUSED 127.0.0.1:3001",
    "sh: line 1: unexpected EOF while looking for matching `\"'",
    'psql: error: connection to server at "postgres", port 5432 failed: Connection refused',
    "no answer within 10 s",
    "",
  ])("%s", (stderr) => {
    expect(isPassing(failure(stderr))).toBe(false);
  });
});

describe("a client while Docker does not answer", () => {
  const path = process.env["PATH"] ?? "";
  let folder = "";

  /** A docker that fails the first `times` times, and notes every call. */
  function docker(times: number, stderr: string): () => number {
    const calls = join(folder, "calls");
    writeFileSync(calls, "");
    const script = `#!/bin/sh\necho call >>${calls}\n[ "$(wc -l <${calls})" -gt ${times} ] || { echo '${stderr}' >&2; exit 1; }\necho "$@"`;
    writeFileSync(join(folder, "docker"), script);
    chmodSync(join(folder, "docker"), 0o755);
    return () => readFileSync(calls, "utf8").split("\n").length - 1;
  }

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "nestfleet-patient-"));
    process.env["PATH"] = `${folder}:${path}`;
  });

  afterEach(() => {
    process.env["PATH"] = path;
    rmSync(folder, { recursive: true });
  });

  test("asks again until it answers", async () => {
    const calls = docker(2, "Cannot connect to the Docker daemon at unix:///x. Is the docker daemon running?");
    expect((await new PatientClient("unix:///x", 5000, 5).run(["stop", "a"])).trim()).toBe("--host unix:///x stop a");
    expect(calls()).toBe(3);
  });

  test("gives up in the end; what is asked next waits no longer", async () => {
    const calls = docker(1000, "error during connect: EOF");
    const client = new PatientClient("unix:///x", 60, 10);
    await expect(client.run(["stop", "a"])).rejects.toThrow("error during connect");
    const before = calls();
    expect(before).toBeGreaterThan(1);
    await expect(client.run(["stop", "b"])).rejects.toThrow("error during connect");
    expect(calls()).toBe(before + 1);
  });

  test("takes an answer for one", async () => {
    const calls = docker(1000, "Error: No such container: a");
    await expect(new PatientClient("unix:///x", 5000, 5).run(["stop", "a"])).rejects.toThrow("No such container");
    expect(calls()).toBe(1);
  });
});
