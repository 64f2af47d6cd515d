import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { DockerError } from "../../../components/host/docker/errors";
import { Refusal } from "../../../components/host/output";
import { persistently, undoing } from "../../../components/host/undoing";

const report = new Refusal("undone");

describe("work that must not stay half done", () => {
  test.each<[string, Error]>([
    ["refuses", new Refusal("not healthy")],
    ["is failed by Docker", new DockerError({ command: "stop", exitCode: 1, stderr: "EOF", stdout: "" })],
    ["has a fault", new TypeError("x is not a function")],
  ])("is undone when it %s", async (_, error) => {
    const failures: unknown[] = [];
    const undo = (failure: unknown) => {
      failures.push(failure);
      return Promise.resolve(report);
    };
    await expect(undoing(() => Promise.reject(error), undo)).rejects.toBe(report);
    expect(failures).toEqual([{ error, stopped: false }]);
  });

  test("gives its result, and nothing is undone", async () => {
    expect(await undoing(() => Promise.resolve("done"), () => Promise.reject(new Error("undone")))).toBe("done"); // prettier-ignore
  });

  test("is undone completely when it gets signals, however many", async () => {
    const child = spawn(process.execPath, ["--import", "tsx", join(__dirname, "../../support/interrupted.ts")]);
    let said = "";
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
      said += chunk;
      if (chunk.includes("working") || chunk.includes("undoing")) child.kill("SIGTERM");
      if (chunk.includes("half undone")) child.kill("SIGINT");
    });
    const [code, signal] = (await once(child, "close")) as [number | null, string | null];
    expect(said.trim().split("\n")).toEqual(["working", "undoing: it was stopped by SIGTERM", "half undone", "undone"]);
    expect([code, signal]).toEqual([1, null]);
  });
});

describe("work whose steps can all be repeated", () => {
  test("is repeated until it succeeds", async () => {
    let attempts = 0;
    const work = () => (++attempts < 3 ? Promise.reject(new DockerError({ command: "exec", exitCode: 1, stderr: "is not running", stdout: "" })) : Promise.resolve(attempts)); // prettier-ignore
    expect(await persistently(work, { pauseMs: 1 })).toBe(3);
  });

  test("and fails after a while, with the last failure", async () => {
    const work = () => Promise.reject(new Refusal("for ever"));
    await expect(persistently(work, { patienceMs: 20, pauseMs: 5 })).rejects.toThrow("for ever");
  });
});

describe("a program that gets a signal to end", () => {
  /** Gives its output and how it ends. It gets a signal when it works, and another one half-way. */
  async function told(...words: string[]): Promise<[string[], string | null]> {
    const child = spawn(process.execPath, ["--import", "tsx", join(__dirname, "../../support/finishing.ts"), ...words]);
    let said = "";
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
      said += chunk;
      if (chunk.includes("working")) child.kill("SIGTERM");
      if (chunk.includes("half done")) child.kill("SIGINT");
    });
    const [, signal] = (await once(child, "close")) as [number | null, string | null];
    return [said.trim().split("\n"), signal];
  }

  test("ends by that signal, after its cleanup", async () => {
    expect(await told()).toEqual([["working", "released"], "SIGTERM"]);
  });

  test("first finishes work that must not stay half done, however many signals it gets", async () => {
    expect(await told("at-work")).toEqual([["working", "half done", "done", "released"], "SIGTERM"]);
  });
});
