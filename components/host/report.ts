import type { DockerClient } from "./docker/client";
import { unforeseen } from "./docker/unforeseen";
import { oneLine } from "../release/words";
import { runningNow } from "./docker/containers";
import { complaint } from "./database/database";
import { NEXT, Refusal } from "./output";

/** Why something failed, as a sentence: what a refusal says, else what was asked and what Docker answered. */
export function reasonOf(error: unknown): string {
  const [first = "", ...more] = error instanceof Refusal ? error.message.split("\n") : told(error);
  return [/[.:!?]$/.test(first) ? first : `${first}.`, ...more].join("\n");
}

/** The first line says it all: the history has that one. */
function told(error: unknown): string[] {
  const [first = "", ...more] = unforeseen(error);
  return [`${first} ${oneLine(complaint(error))}`, ...more];
}

/** Work that was undone. */
interface Undone {
  readonly stack: string;
  /** Why, and what was done about it. */
  readonly lines: readonly string[];
  readonly next?: string;
}

/** The report on work that was undone: why, what was done about it, what runs now, and what next. */
export async function report(docker: DockerClient, { stack, lines, next = NEXT }: Undone): Promise<Refusal> {
  const running = await runningNow(docker, stack).catch((error: unknown) => `  not known: ${complaint(error)}`);
  return new Refusal([...lines, "What runs now:", running, next].join("\n"));
}
