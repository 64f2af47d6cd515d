import { AsyncLocalStorage } from "node:async_hooks";
import { pulumi } from "../release/commands";
import { printable } from "../release/words";
import { withheld } from "./docker/redaction";

/** What went wrong, in words for a person at 2 a.m.: printed as it is, without a stack trace. */
export class Refusal extends Error {}

type Listener = (line: string) => void;
const listeners = new AsyncLocalStorage<Listener>();

/** One line of progress, shown while the script runs: without a secret that is known, and as it may stand on a terminal. */
export function say(line: string): void {
  const shown = printable(withheld(line));
  const listener = listeners.getStore();
  if (listener === undefined) process.stderr.write(`${shown}\n`);
  else listener(shown);
}

/** Does work whose lines of progress go to a listener instead of standard error: the program shows them in its own way. */
export function heardBy<T>(listener: Listener, work: () => Promise<T>): Promise<T> {
  return listeners.run(listener, work);
}

export function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** What to do about a refused update; the last line of its report. */
export const NEXT = `Next: mend the cause, or take the change in the config back; then run \`${pulumi("up")}\` again.`;

/** Stands before each line of a quotation. */
export const QUOTE = "  | ";

/** Quotes foreign text (a log, an error) inside a message of ours. */
export function indented(text: string): string {
  return text
    .split("\n")
    .map((line) => `${QUOTE}${line}`)
    .join("\n");
}
