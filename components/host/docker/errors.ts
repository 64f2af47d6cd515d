/** How a docker command failed. */
interface Failed {
  /** The first word of the command. */
  readonly command: string;
  /** Undefined where the command did not end by itself. */
  readonly exitCode?: number | undefined;
  readonly stderr: string;
  readonly stdout?: string;
  /** The command with all its words, long ones cut. */
  readonly asked?: string;
}

/** A docker command that failed, or whose answer does not have the expected form, with what it printed. */
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

/** Gives Docker's answer, or the result of `instead` when the docker command fails. Any other error is thrown on. */
export function onDockerError<T, U>(asked: Promise<T>, instead: (error: DockerError) => U): Promise<T | U> {
  return asked.catch((error: unknown) => {
    if (error instanceof DockerError) return instead(error);
    throw error;
  });
}

/** Gives Docker's answer, or a value that means "not known": containers may disappear during an inspection. */
export function unlessDockerFails<T, U>(asked: Promise<T>, unknown: U): Promise<T | U> {
  return onDockerError(asked, () => unknown);
}

/** Docker's words for a container that is gone. */
const GONE = /no such container/i;
/** Docker's words for a container that is gone, or is being removed. */
export const REMOVED = /no such container|already in progress/i;

/** Does work on an object that may be gone. Where Docker says so, the work counts as done. */
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
