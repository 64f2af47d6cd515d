import { text } from "node:stream/consumers";
import type { z } from "zod";
import { explained } from "../components/host/docker/unforeseen";
import { withheld } from "../components/host/docker/redaction";
import { say } from "../components/host/output";
import { exitWithEngine } from "../components/host/watchdog";
import { parseJson } from "../components/release/records/json";
import { printable } from "../components/release/words";

/** How an operator calls a script by hand, instead of the program. */
interface Door {
  /** Turns the words of a command line into the script's input. */
  readonly typed: (words: readonly string[]) => Promise<unknown>;
  /** Gives what a script that fails writes to standard output; by default it writes nothing there. */
  readonly refused?: (why: string) => string;
}

/**
 * Runs a script. Its input is JSON on standard input, or a command line. It writes progress to standard error and the
 * result to standard output, and exits with code 1 if it fails. A secret in the input never appears in a message. An
 * unforeseen error is printed as such, without a stack trace.
 */
export async function run<T>(
  input: z.ZodType<T>,
  work: (input: T) => Promise<string | undefined>,
  door?: Door,
): Promise<void> {
  exitWithEngine();
  // A terminal that is closed makes writing fail. The script goes on, instead of stopping in the middle.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined);
  try {
    const result = await work(input.parse(await asked(door)));
    if (result !== undefined) process.stdout.write(`${printable(result)}\n`);
  } catch (error) {
    const why = explained(error, "run the same command again, it goes on where this one stopped");
    if (door?.refused !== undefined) process.stdout.write(`${door.refused(withheld(why))}\n`);
    say(why);
    process.exitCode = 1;
  }
}

/** The argument that comes before a command line. Without it, the input is JSON. */
const TYPED = "--";

async function asked(door: Door | undefined): Promise<unknown> {
  const [, , , mark, ...words] = process.argv;
  return door !== undefined && mark === TYPED ? door.typed(words) : parseJson(await text(process.stdin));
}
