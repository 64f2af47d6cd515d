import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { configRm, docker, script, shellWord, up } from "../../../components/release/commands";

beforeEach(() => {
  for (const name of ["DOCKER_HOST", "DOCKER_CONTEXT", "NESTFLEET_PULUMI"]) vi.stubEnv(name, undefined);
});
afterEach(() => {
  vi.unstubAllEnvs();
});

describe("a docker command", () => {
  test("goes to the stack's own host, which is named where it is not the local one", () => {
    expect(docker("unix:///var/run/docker.sock", "start x")).toBe("docker start x");
    expect(docker("ssh://root@fleet:2222", "start x")).toBe("docker --host ssh://root@fleet:2222 start x");
  });

  test("names the local one where this shell asks another", () => {
    vi.stubEnv("DOCKER_HOST", "ssh://elsewhere");
    expect(docker("unix:///var/run/docker.sock", "start x")).toBe("docker --host unix:///var/run/docker.sock start x");
  });
});

test("the command of a script names stack and host", () => {
  expect(script({ name: "restore", stack: "prod", host: "ssh://fleet", options: ["--undo"] })).toBe(
    "scripts/restore.sh --stack prod --docker-host ssh://fleet --undo",
  );
  expect(script({ name: "backup", stack: "prod", host: "unix:///var/run/docker.sock" })).toBe(
    "scripts/backup.sh --stack prod",
  );
});

test("Pulumi is called as it works here", () => {
  expect(up("prod")).toBe("pulumi up --stack prod");
  vi.stubEnv("NESTFLEET_PULUMI", "scripts/pulumi");
  expect(up("prod")).toBe("scripts/pulumi up --stack prod");
  expect(configRm("prod", "restore")).toBe("scripts/pulumi config rm --stack prod nestfleet:restore");
});

test("a word is quoted for the shell", () => {
  expect(shellWord("unix:///run/a-b.sock")).toBe("unix:///run/a-b.sock");
  expect(shellWord("a b'$(x)")).toBe(`'a b'\\''$(x)'`);
});
