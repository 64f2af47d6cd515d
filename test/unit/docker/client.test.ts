import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { DockerClient } from "../../../components/docker/client";

const folder = mkdtempSync(join(tmpdir(), "nestfleet-docker-"));
const journal = join(folder, "journal");

/** Stands for docker: notes when it begins and ends; `fail` as argument makes it fail. */
const DOCKER = `#!/bin/sh
echo begin >> ${journal}
sleep 0.1
echo end >> ${journal}
[ "$3" != fail ] || exit 3
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
