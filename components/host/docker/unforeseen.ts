import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { DockerError } from "./errors";
import { oneLine } from "../../release/words";
import { Refusal } from "../output";

/**
 * An error that no code was prepared for, told in lines for a person: what was asked and what was answered. A stack
 * trace helps only a developer of the program, so it goes into a file.
 */
export function unforeseen(error: unknown): string[] {
  if (error instanceof DockerError) return answered(error);
  if (error instanceof z.ZodError)
    return [
      "What was read has not the expected form:",
      ...error.issues.map(({ path, message }) => `  ${path.map(String).join(".") || "the whole"}: ${message}`),
    ];
  if (isOfTheSystem(error)) return [`This machine answered with an error: ${error.message}`];
  return [`A fault of this program: ${oneLine(String(error))}`, ...kept(error)];
}

/** Any error, told to a person; `again` is what to run once the cause of an unforeseen one is gone. */
export function explained(error: unknown, again: string): string {
  return error instanceof Refusal ? error.message : [...unforeseen(error), nextAfter(error, again)].join("\n");
}

/** The last line of such a report; `again` is what to run once the cause is gone. */
export function nextAfter(error: unknown, again: string): string {
  if (error instanceof DockerError)
    return `Next: when Docker answers as it should (docker info, docker ps --all): ${again}`;
  if (isOfTheSystem(error)) return `Next: mend that, then ${again}`;
  return `Next: ${again}; if the same is said again, report it together with that file`;
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

/** Of Node.js: a file that cannot be written, a program that is not there. Its message says it all. */
function isOfTheSystem(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && typeof (error as NodeJS.ErrnoException).syscall === "string";
}

/** Keeps the stack in a file that its owner alone can read: a foreign message may hold anything. */
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
