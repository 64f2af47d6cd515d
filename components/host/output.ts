import { AsyncLocalStorage } from "node:async_hooks";
import { printable } from "../release/words";
import { withheld } from "./docker/redaction";

/** A foreseen failure. Its message is written for an operator, and is printed as it is, without a stack trace. */
export class Refusal extends Error {}

type Listener = (line: string) => void;
const listeners = new AsyncLocalStorage<Listener>();

/** Shows a line of progress while the script runs, without known secrets and without control characters. */
export function say(line: string): void {
  const shown = printable(withheld(line));
  const listener = listeners.getStore();
  if (listener === undefined) process.stderr.write(`${shown}\n`);
  else listener(shown);
}

/** Does work whose lines of progress go to a listener, not to standard error: the program shows them in its own way. */
export function heardBy<T>(listener: Listener, work: () => Promise<T>): Promise<T> {
  return listeners.run(listener, work);
}

export function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** Stands before each line of a quotation. */
export const QUOTE = "  | ";

/** Quotes foreign text (a log, an error) inside a message of ours. */
export function indented(text: string): string {
  return text
    .split("\n")
    .map((line) => `${QUOTE}${line}`)
    .join("\n");
}
