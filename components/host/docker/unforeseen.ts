import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { DockerError } from "./errors";
import { oneLine } from "../../release/words";
import { Refusal } from "../output";

/**
 * Describes an unforeseen error in lines for an operator: the command, and its answer. A stack trace helps only a
 * developer of the program, so it goes into a file.
 */
export function unforeseen(error: unknown): string[] {
  if (error instanceof Refusal) return error.message.split("\n"); // foreseen where it was thrown
  if (error instanceof DockerError) return answered(error);
  if (error instanceof z.ZodError)
    return [
      "Data that was read does not have the expected form:",
      ...error.issues.map(({ path, message }) => `  ${path.map(String).join(".") || "the whole"}: ${message}`),
    ];
  if (isOfTheSystem(error)) return [`This machine answered with an error: ${error.message}`];
  return [`A fault of this program: ${oneLine(String(error))}`, ...kept(error)];
}

/** Describes any error to an operator; `again` says what to run once the cause of an unforeseen one is gone. */
export function explained(error: unknown, again: string): string {
  return error instanceof Refusal ? error.message : [...unforeseen(error), nextAfter(error, again)].join("\n");
}

/** Gives the last line of such a report; `again` says what to run once the cause is gone. */
export function nextAfter(error: unknown, again: string): string {
  if (error instanceof DockerError)
    return `Next: when Docker answers as it should (docker info, docker ps --all): ${again}`;
  if (error instanceof Refusal || isOfTheSystem(error)) return `Next: fix the cause, then ${again}`;
  const report = error instanceof z.ZodError ? "report it" : "report it together with that file";
  return `Next: ${again}; if the same message comes again, ${report}`;
}

function answered({ asked, stderr, exitCode }: DockerError): string[] {
  const answer = stderr.trim() === "" ? `nothing, and exit code ${exitCode ?? "unknown"}` : stderr.trim();
  const [first = "", ...more] = answer.split("\n");
  return [
    "Docker gave an answer that was not expected:",
    `  asked:    ${asked}`,
    `  answered: ${first}`,
    ...more.map((line) => `            ${line}`),
  ];
}

/** True for a system error of Node.js (a file that cannot be written, a missing program): its message is sufficient. */
function isOfTheSystem(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && typeof (error as NodeJS.ErrnoException).syscall === "string";
}

/** Writes the stack trace to a file that only its owner can read: a foreign message may contain anything. */
function kept(error: unknown): string[] {
  if (!(error instanceof Error) || error.stack === undefined) return [];
  try {
    const file = join(mkdtempSync(join(tmpdir(), "nestfleet-fault-")), "stack.txt");
    writeFileSync(file, `${error.stack}\n`, { mode: 0o600 });
    return [`  where: ${file}`];
  } catch {
    return []; // a full disk must not hide the report
  }
}
