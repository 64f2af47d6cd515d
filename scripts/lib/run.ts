import { text } from "node:stream/consumers";
import type { z } from "zod";
import { endWithEngine } from "../../components/host/abandonment";

/** What went wrong, in words for a person at 2 a.m.: printed as it is, without a stack trace. */
export class Refusal extends Error {}

/**
 * The frame of every script: JSON on standard input, progress on standard error, the result on standard output, exit
 * code 1 for a refusal. The secrets in an input never reach a message.
 */
export async function run<T>(input: z.ZodType<T>, work: (input: T) => Promise<string | undefined>): Promise<void> {
  endWithEngine();
  // Nobody listens any more (a terminal that was closed): no reason to stop in the middle.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined);
  try {
    const result = await work(input.parse(JSON.parse(await text(process.stdin))));
    if (result !== undefined) process.stdout.write(`${result}\n`);
  } catch (error) {
    say(error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
  }
}

/** One line of progress, shown while the script runs. */
export function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

export function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** What to do about a refused update; the last line of its report. */
export const NEXT = "Next: mend the cause, or take the change in the config back; then run `pulumi up` again.";

/** Before each line that somebody else said. */
export const QUOTE = "  | ";

/** Somebody else's words (a log, an error) inside a message of ours. */
export function indented(text: string): string {
  return text
    .split("\n")
    .map((line) => `${QUOTE}${line}`)
    .join("\n");
}
