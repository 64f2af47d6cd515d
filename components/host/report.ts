import type { DockerClient } from "./docker/client";
import { unforeseen } from "./docker/unforeseen";
import { oneLine } from "../release/words";
import { runningNow } from "./docker/containers";
import { complaint } from "./database/database";
import { NEXT, Refusal } from "./output";

/** Says why something failed, as a sentence: the message of a refusal, else the command and Docker's answer. */
export function reasonOf(error: unknown): string {
  const [first = "", ...more] = error instanceof Refusal ? error.message.split("\n") : told(error);
  return [/[.:!?]$/.test(first) ? first : `${first}.`, ...more].join("\n");
}

/** The first line is complete by itself, because the history keeps only that line. */
function told(error: unknown): string[] {
  const [first = "", ...more] = unforeseen(error);
  return [`${first} ${oneLine(complaint(error))}`, ...more];
}

/** Work that was undone. */
interface Undone {
  readonly stack: string;
  /** Why it was undone, and how. */
  readonly lines: readonly string[];
  readonly next?: string;
}

/** Reports on work that was undone: why, how, which containers run now, and what to do next. */
export async function report(docker: DockerClient, { stack, lines, next = NEXT }: Undone): Promise<Refusal> {
  const running = await runningNow(docker, stack).catch((error: unknown) => `  not known: ${complaint(error)}`);
  return new Refusal([...lines, "What runs now:", running, next].join("\n"));
}
