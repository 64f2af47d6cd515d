import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { identify } from "../../components/host/identity";
import { type Lock, takeLock, takeLockAs } from "../../components/host/lock";
import { docker, DOCKER_HOST, POSTGRES_IMAGE } from "./fixture";

const STACK = "locktest";
const JOB = "locktest-job";
const RACERS = 6;

let folder = "";
let file = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "nestfleet-lock-"));
  file = join(folder, "said");
});
afterEach(async () => {
  const left = (await volumes()).filter((name) => name !== "");
  for (const name of left) await docker.run(["volume", "rm", "--force", name]);
  expect(left).toEqual([]);
});
afterAll(async () => {
  await docker.run(["rm", "--force", "--volumes", JOB]).catch(() => undefined);
  rmSync(folder, { recursive: true });
});

const volumes = async () =>
  (await docker.run(["volume", "ls", "--quiet", "--filter", "name=nestfleet-locktest-lock"])).trim().split("\n");

function hold(milliseconds: number): ChildProcess {
  const args = ["--import", "tsx", "test/support/lock-holder.ts", DOCKER_HOST, STACK, file, String(milliseconds)];
  return spawn(process.execPath, args, { stdio: "inherit" });
}

const said = () => readFileSync(file, "utf8");

test("several processes find the lock of a killed one, and one at a time holds it", { timeout: 120_000 }, async () => {
  writeFileSync(file, "");
  const killed = hold(600_000);
  await vi.waitFor(() => { expect(said()).toBe("+"); }, 30_000); // prettier-ignore
  expect(await takeLock(docker, STACK)).toMatchObject({ pid: killed.pid, boot: identify().boot });
  killed.kill("SIGKILL");
  await once(killed, "exit");
  writeFileSync(file, "");
  const racers = Array.from({ length: RACERS }, () => hold(300));
  const codes = await Promise.all(racers.map((racer) => once(racer, "exit").then(([code]) => code as number)));
  expect(codes).toEqual(racers.map(() => 0));
  expect(said()).toBe("+-".repeat(RACERS));
});

test("the lock of a job that ran in a container of the Docker host is free once the container has ended", async () => {
  const id = (
    await docker.run(["run", "--detach", "--name", JOB, "--entrypoint", "sleep", POSTGRES_IMAGE, "600"])
  ).trim();
  const job = {
    machine: id.slice(0, 12),
    pid: 7,
    started: "1",
    boot: identify().boot,
    namespace: "pid:[1]",
    container: id,
  };
  await takeLockAs(docker, STACK, job);
  expect(await takeLock(docker, STACK)).toMatchObject({ machine: job.machine });
  await docker.run(["kill", JOB]);
  ((await takeLock(docker, STACK)) as Lock).release();
});
