import { type ChildProcessByStdio, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import type { DockerClient } from "./client";
import { childEnvironment } from "../child-environment";

/** How a docker client ended, and the end of its standard error. */
export interface Ended {
  readonly exitCode: number;
  readonly stderr: string;
}

export interface ExecutionOptions {
  /** Values for `--env NAME`. The client takes them from its own environment, so they are not on a command line. */
  readonly environment?: Record<string, string>;
  /** True for a standard input that the client can open as /dev/stdin: a pipe, where Node.js would use a socket. */
  readonly piped?: boolean;
  readonly onLine?: (line: string) => void;
  readonly onErrorLine?: (line: string) => void;
  /** Kills the client. The command that it started goes on, unless that command ends with its client. */
  readonly signal?: AbortSignal | undefined;
}

const LINES_KEPT = 50;
/** The exit code that a shell gives to a command killed with SIGKILL. */
const KILLED = 137;

/** A docker client that runs for a while: it gets input while it runs, and is killed when the script is stopped. */
export class Execution {
  /** Never rejects: the caller decides what an exit code means. */
  public readonly ended: Promise<Ended>;
  private readonly child: ChildProcessByStdio<Writable, Readable, Readable>;

  /** Starts the client in its own process group: Ctrl-C goes to the script, which then stops its clients in order. */
  public constructor(docker: DockerClient, args: readonly string[], options: ExecutionOptions = {}) {
    const client = ["docker", "--host", docker.host, ...args];
    const [program = "", ...all] = options.piped === true ? ["sh", "-c", 'cat | "$@"', "-", ...client] : client;
    this.child = spawn(program, all, {
      stdio: ["pipe", "pipe", "pipe"],
      detached: true,
      env: childEnvironment(options.environment),
      ...(options.signal && { signal: options.signal, killSignal: "SIGKILL" }),
    });
    this.child.stdin.on("error", () => undefined); // a client that has ended does not read any more
    this.ended = ending(this.child, options);
  }

  public write(text: string): void {
    this.child.stdin.write(text);
  }

  /** Ends the client at once. */
  public kill(): void {
    this.child.kill("SIGKILL");
  }

  /** Closes the input: psql then ends, and so does a command that ends with its client. */
  public close(): void {
    this.child.stdin.end();
  }
}

async function ending(
  child: ChildProcessByStdio<Writable, Readable, Readable>,
  { onLine, onErrorLine }: ExecutionOptions,
): Promise<Ended> {
  const complaints: string[] = [];
  createInterface(child.stdout).on("line", (line) => onLine?.(line));
  createInterface(child.stderr).on("line", (line) => {
    if (complaints.push(line) > LINES_KEPT) complaints.shift();
    onErrorLine?.(line);
  });
  let failure: Error | undefined;
  child.on("error", (error) => (failure = error)); // not started, or aborted
  const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
  return { exitCode: code ?? KILLED, stderr: [...complaints, ...(failure ? [failure.message] : [])].join("\n").trim() };
}
