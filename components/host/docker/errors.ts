/** How a docker command failed. */
interface Failed {
  /** Its first word. */
  readonly command: string;
  /** Undefined where it did not end by itself. */
  readonly exitCode?: number | undefined;
  readonly stderr: string;
  readonly stdout?: string;
  /** The whole command, cut. */
  readonly asked?: string;
}

/** A docker command that failed, or whose answer is not of the form that it must have, with what it said. */
export class DockerError extends Error {
  public readonly exitCode: number | undefined;
  public readonly stderr: string;
  public readonly stdout: string;
  public readonly asked: string;

  public constructor({ command, exitCode, stderr, stdout = "", asked = `docker ${command}` }: Failed) {
    super(`docker ${command}: ${stderr.trim() || `exit code ${exitCode ?? "unknown"}`}`);
    this.name = "DockerError";
    this.exitCode = exitCode;
    this.stderr = stderr;
    this.stdout = stdout;
    this.asked = asked;
  }
}

/** Gives what Docker answers, or what `instead` makes of its failure. Any other error is a fault of the program. */
export function onDockerError<T, U>(asked: Promise<T>, instead: (error: DockerError) => U): Promise<T | U> {
  return asked.catch((error: unknown) => {
    if (error instanceof DockerError) return instead(error);
    throw error;
  });
}

/** Gives what Docker answers, or a value that stands for "not known": containers come and go during a look. */
export function unlessDockerFails<T, U>(asked: Promise<T>, unknown: U): Promise<T | U> {
  return onDockerError(asked, () => unknown);
}

/** What Docker says of a container that is gone. */
const GONE = /no such container/i;
/** What Docker says of a container that is gone, or about to be. */
export const REMOVED = /no such container|already in progress/i;

/** Does work on something that may be gone by now: the work is done then, too, as the complaint shows. */
export async function unlessGone(work: Promise<unknown>, gone = GONE): Promise<void> {
  await onDockerError(work, (error) => {
    if (!gone.test(error.stderr)) throw error;
  });
}

/** Reads an answer that must be JSON. */
export function jsonIn(answer: string, command: string): unknown {
  try {
    return JSON.parse(answer);
  } catch {
    throw new DockerError({ command, exitCode: undefined, stderr: "the answer is not valid JSON", stdout: answer });
  }
}
