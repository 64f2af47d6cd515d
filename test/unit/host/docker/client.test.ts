import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { DockerClient } from "../../../../components/host/docker/client";
import { DockerError } from "../../../../components/host/docker/errors";

const folder = mkdtempSync(join(tmpdir(), "nestfleet-docker-"));
const journal = join(folder, "journal");

/**
 * A docker client that notes its begin and end. `fail` makes it fail, `hang` makes it hang; for one host it always
 * hangs.
 */
const DOCKER = `#!/bin/sh
[ "$2" != unix:///hangs ] || exec sleep 60
[ "$3" != env ] || exec env
echo begin >> ${journal}
sleep 0.1
echo end >> ${journal}
[ "$3" != fail ] || exit 3
[ "$3" != hang ] || exec sleep 60
echo "$3"
`;

beforeAll(() => {
  writeFileSync(join(folder, "docker"), DOCKER);
  chmodSync(join(folder, "docker"), 0o755);
  vi.stubEnv("PATH", `${folder}:${process.env["PATH"] ?? ""}`);
});

afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

/** The most commands that were running at a time. */
function most(): number {
  const running = readFileSync(journal, "utf8").trim().split("\n");
  let now = 0;
  return Math.max(...running.map((event) => (event === "begin" ? ++now : now--)));
}

test("no more commands run at a time than were allowed, and a failed one gives up its place", async () => {
  const docker = new DockerClient("unix:///nowhere", 2);
  const asked = ["1", "fail", "2", "fail", "3", "4"];
  const answers = await Promise.all(asked.map((word) => docker.run([word]).catch(() => "failed\n")));
  expect(answers.map((answer) => answer.trim())).toEqual(["1", "failed", "2", "failed", "3", "4"]);
  expect(most()).toBe(2);
});

test("a command that is given up says after how long, and which it was, without the values of an environment", async () => {
  const docker = new DockerClient("unix:///nowhere");
  const asked = ["hang", "--env", "PASSWORD=hunter2hunter2", "x".repeat(500), "one\ntwo"];
  const error = await docker.run(asked, "", 0.2).catch((failed: unknown) => failed);
  expect(error).toBeInstanceOf(DockerError);
  expect((error as DockerError).stderr).toBe("no answer within 0.2 s");
  expect((error as DockerError).asked).toBe(`docker hang --env PASSWORD=… ${"x".repeat(40)}… one two`);
});

test("docker finds nothing of Pulumi's in its environment, and all else", async () => {
  for (const name of ["PULUMI_CONFIG", "PULUMI_CONFIG_PASSPHRASE", "PULUMI_ACCESS_TOKEN"]) vi.stubEnv(name, "hunter2");
  vi.stubEnv("AWS_PROFILE", "registry");
  const docker = new DockerClient("unix:///nowhere");
  for (const seen of [await docker.run(["env"]), docker.runNow(["env"]) ?? ""]) {
    expect(seen).toContain("AWS_PROFILE=registry");
    expect(seen).not.toMatch(/PULUMI_|hunter2/);
  }
});

test("over ssh a few run at a time, whatever was allowed", async () => {
  writeFileSync(journal, "");
  const docker = new DockerClient("ssh://root@host");
  await Promise.all(Array.from({ length: 9 }, () => docker.run(["1"])));
  expect(most()).toBe(4);
});

test.each([[["ps", "hang"]], [["network", "ls"]], [["logs", "x"]]])(
  "an engine that hangs is not waited for by those who only look: %s",
  async (asked) => {
    const docker = new DockerClient("unix:///hangs", Infinity, 0.2);
    await expect(docker.run(asked)).rejects.toThrow("no answer within 0.2 s");
  },
);
