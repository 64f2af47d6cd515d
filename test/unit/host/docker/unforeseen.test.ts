import { readFileSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { expect, test } from "vitest";
import { z } from "zod";
import { DockerError } from "../../../../components/host/docker/errors";
import { nextAfter, unforeseen } from "../../../../components/host/docker/unforeseen";
import { Refusal } from "../../../../components/host/output";

test("an answer of Docker's: what was asked, and all that it said", () => {
  const error = new DockerError({
    command: "exec",
    exitCode: 1,
    stderr: "Error: No such container: x\nsecond line\n",
    stdout: "",
    asked: "docker exec x true",
  });
  expect(unforeseen(error)).toEqual([
    "Docker gave an answer that was not expected:",
    "  asked:    docker exec x true",
    "  answered: Error: No such container: x",
    "            second line",
  ]);
  expect(nextAfter(error, "go on")).toMatch(/^Next: .*: go on$/);
  expect(unforeseen(new DockerError({ command: "ps", exitCode: 137, stderr: "", stdout: "" })).at(-1)).toBe(
    "  answered: nothing, and exit code 137",
  );
});

test("an error of this machine is reported with its own message", () => {
  const error = Object.assign(new Error("ENOSPC: no space left on device, write"), {
    code: "ENOSPC",
    syscall: "write",
  });
  expect(unforeseen(error)).toEqual(["This machine answered with an error: ENOSPC: no space left on device, write"]);
});

test("what has another form than expected is named, not shown", () => {
  const { error } = z.strictObject({ keep: z.number() }).safeParse({ keep: "hunter2", spare: 1 });
  const told = unforeseen(error).join("\n");
  expect(told).toMatch(/keep: .*\n.*spare/);
  expect(told).not.toContain("hunter2");
  expect(nextAfter(error, "go on")).toBe("Next: go on; if the same message comes again, report it"); // there is no file
});

test("a refusal is told by its own words, and is not a fault", () => {
  const error = new Refusal("the volume is full\nNext: make room");
  expect(unforeseen(error)).toEqual(["the volume is full", "Next: make room"]);
  expect(nextAfter(error, "go on")).toBe("Next: fix the cause, then go on");
});

test("a fault of the program is one line, and its stack in a file for its owner", () => {
  const [line, where = ""] = unforeseen(new TypeError("x is\nundefined"));
  expect(line).toBe("A fault of this program: TypeError: x is undefined");
  const file = where.replace("  where: ", "");
  try {
    expect(readFileSync(file, "utf8")).toContain("unforeseen.test.ts");
  } finally {
    rmSync(dirname(file), { recursive: true });
  }
});
