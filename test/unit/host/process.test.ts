import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { afterEach, describe, expect, test } from "vitest";
import { isAlive, statusOf } from "../../../components/host/process";

/** A busy machine starts and ends a process late. */
const BUSY_MS = 20_000;

let parent: ChildProcess | undefined;

afterEach(() => {
  parent?.kill("SIGKILL");
});

/** A child that ends only after its parent, a shell that might wait for it, has replaced itself with `sleep`. */
const ORPHANED = "until grep -qx sleep /proc/$$/comm; do :; done & echo $!; exec sleep 60";

/** The pid of a process that has ended, and whose parent never waits for it. */
async function zombie(): Promise<number> {
  parent = spawn("sh", ["-c", ORPHANED], { stdio: ["ignore", "pipe", "ignore"] });
  const [printed] = (await once(parent.stdout as NodeJS.ReadableStream, "data")) as [Buffer];
  return Number(printed.toString());
}

describe("a process is alive", () => {
  test("while it runs, also for another user", () => {
    expect(isAlive(process.pid)).toBe(true);
    expect(isAlive(1)).toBe(true);
  });

  test("not once it has ended and its parent knows", async () => {
    const child = spawn("true");
    await once(child, "exit");
    expect(isAlive(child.pid ?? 0)).toBe(false);
  });

  test.runIf(process.platform === "linux")(
    "not once it has ended, though its parent never asks",
    { timeout: 2 * BUSY_MS },
    async () => {
      const pid = await zombie();
      await expect.poll(() => statusOf(pid)?.state, { timeout: BUSY_MS }).toBe("Z");
      expect(isAlive(pid)).toBe(false);
    },
  );

  test("when the number is not a pid, because nothing is known of it", () => {
    expect(isAlive(Number.NaN)).toBe(true);
  });
});

test.runIf(process.platform === "linux")("Linux has its name and its parent", () => {
  expect(statusOf(process.pid)).toMatchObject({ parent: process.ppid, command: expect.any(String) as string });
  expect(statusOf(2 ** 22 + 1)).toBeUndefined();
});
