import type { DockerClient } from "./docker/client";
import { unforeseen } from "./docker/unforeseen";
import { oneLine } from "../release/words";
import { runningNow } from "./docker/containers";
import { complaint } from "./database/database";
import { Refusal } from "./output";
import { up } from "../release/commands";

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
  /** The change of release that was undone, where it is known. */
  readonly change?: ChangeOfRelease | undefined;
  readonly next?: string | undefined;
}

/** The tags of the release that served before an update, and of the one that the update asks for. */
interface ChangeOfRelease {
  readonly from?: string | null | undefined;
  readonly to: string;
}

/** What to do about a refused update: the last line of its report. */
export function nextStep(stack: string, change?: ChangeOfRelease): string {
  const { from, to } = change ?? {};
  const back =
    typeof from === "string" && from !== to
      ? `set nestfleet:version back to ${from}`
      : "undo the change in the configuration";
  return `Next: fix the cause, or ${back}; then run: ${up(stack)}`;
}

/** Reports on work that was undone: why, how, which containers run now, and what to do next. */
export async function report(docker: DockerClient, { stack, lines, change, next }: Undone): Promise<Refusal> {
  const running = await runningNow(docker, stack).catch((error: unknown) => `  not known: ${complaint(error)}`);
  return new Refusal([...lines, "What runs now:", running, next ?? nextStep(stack, change)].join("\n"));
}
