import { text } from "node:stream/consumers";
import type { z } from "zod";
import { explained } from "../components/host/docker/unforeseen";
import { withheld } from "../components/host/docker/redaction";
import { say } from "../components/host/output";
import { exitWithEngine } from "../components/host/watchdog";
import { parseJson } from "../components/release/records/json";
import { printable } from "../components/release/words";

/** What a script has for a person who calls it, instead of the program. */
interface Door {
  /** Turns the words of a command line into the script's input. */
  readonly typed: (words: readonly string[]) => Promise<unknown>;
  /** What is written to standard output when the script is refused; nothing by default. */
  readonly refused?: (why: string) => string;
}

/**
 * The frame of every script: JSON on standard input, or a command line; progress on standard error, the result on
 * standard output, exit code 1 for a refusal. The secrets in an input never reach a message. An error that no code was
 * prepared for is told as one, without a stack trace.
 */
export async function run<T>(
  input: z.ZodType<T>,
  work: (input: T) => Promise<string | undefined>,
  door?: Door,
): Promise<void> {
  exitWithEngine();
  // Nobody listens any more (a terminal that was closed): no reason to stop in the middle.
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

/** Before the words of a person; the program gives JSON instead. */
const TYPED = "--";

async function asked(door: Door | undefined): Promise<unknown> {
  const [, , , mark, ...words] = process.argv;
  return door !== undefined && mark === TYPED ? door.typed(words) : parseJson(await text(process.stdin));
}
