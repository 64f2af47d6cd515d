import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import type { Socket } from "node:net";
import { childEnvironment } from "../child-environment";

/** A shell command in a container. */
export interface ShellCommand {
  readonly container: string;
  /** Options of `docker exec`, such as `--user=65534:postgres`. */
  readonly options: readonly string[];
  readonly words: readonly string[];
}

/** How a command ended. Without an exit code, the docker client did not end by itself. */
export interface Ended {
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** A question whose answer is awaited. */
interface Pending {
  readonly mark: string;
  readonly resolve: (ended: Ended | "not begun") => void;
  stdout: string;
}

/** Bytes. A command that prints more than this fails, so that its output does not fill the memory. */
export const LARGEST_OUTPUT = 64 * 1024 * 1024;
/** Bytes of standard error that are kept, from its end. */
export const LARGEST_COMPLAINT = 256 * 1024;
/** Milliseconds after which a channel that is not used is closed. */
const IDLE_MS = 5000;

/**
 * A shell in a container that runs one command after the other, each in a process of its own, as `docker exec` would.
 * A `docker exec` takes 50 ms of a processor for the client and 100 ms for Docker and its runtime; an update has about
 * a hundred of them. The shell ends with its input: with the script, however that ends.
 */
export class ExecChannel {
  private readonly child: ChildProcessWithoutNullStreams;
  private pending: Pending | undefined;
  private complaint = "";
  private idle: NodeJS.Timeout | undefined;
  private used = false;
  /** True once the docker client has ended, or is to end. */
  public closed = false;
  private readonly way: string;

  public constructor(host: string, command: ShellCommand) {
    this.way = wayTo(command);
    const { container, options } = command;
    const asked = ["--host", host, "exec", "-i", ...options, container, "sh"];
    this.child = spawn("docker", asked, { detached: true, env: childEnvironment() });
    this.child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
      this.read(chunk);
    });
    this.child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
      this.complaint = `${this.complaint}${chunk}`.slice(-LARGEST_COMPLAINT);
    });
    this.child.on("error", (error) => {
      this.end(undefined, error.message);
    });
    this.child.on("close", (code, signal) => {
      this.end(code ?? undefined, signal === null ? "" : `the docker client was ended by ${signal}`);
    });
    this.child.stdin.on("error", () => undefined); // the end of the client says why
  }

  /** True for a command in the same container, as the same user. */
  public leadsTo(command: ShellCommand): boolean {
    return wayTo(command) === this.way;
  }

  public get busy(): boolean {
    return this.pending !== undefined;
  }

  /**
   * Runs a command. Gives `not begun` if the container or the connection was lost before, which is known only of a
   * channel that was used before: then the command can be given to another one.
   */
  public ask({ words }: ShellCommand, stdin: string): Promise<Ended | "not begun"> {
    clearTimeout(this.idle);
    this.keepAlive(true);
    return new Promise((resolve) => {
      const mark = randomUUID();
      this.pending = { mark, resolve, stdout: "" };
      this.child.stdin.write(framed(words, stdin, mark));
    });
  }

  /** Ends the shell with its input. A command that has no answer yet goes on in the container, and its client is ended. */
  public close(why = ""): void {
    if (this.busy) this.child.kill("SIGKILL");
    else this.child.stdin.end();
    this.end(undefined, why);
  }

  private read(chunk: string): void {
    const { pending } = this;
    if (pending === undefined) return;
    pending.stdout += chunk;
    if (pending.stdout.length > LARGEST_OUTPUT) {
      this.close(`an answer of more than ${LARGEST_OUTPUT / 1024 / 1024} MiB`);
      return;
    }
    if (!pending.stdout.endsWith(pending.mark)) return;
    // Marked are the beginning, the end of the output, and the end of what follows it.
    const [, stdout, ended, rest] = pending.stdout.split(pending.mark);
    if (stdout === undefined || ended === undefined || rest === undefined) return;
    const [, exitCode, stderr = ""] = /^ (\d+) ([^]*)$/.exec(ended) ?? [];
    this.answer({ exitCode: Number(exitCode ?? 1), stdout, stderr });
    this.used = true;
    this.keepAlive(false);
    this.idle = setTimeout(() => {
      this.close();
    }, IDLE_MS).unref();
  }

  private end(exitCode: number | undefined, why: string): void {
    this.closed = true;
    clearTimeout(this.idle);
    const { pending, used } = this;
    if (pending === undefined) return;
    const [before, stdout = ""] = pending.stdout.split(pending.mark);
    const begun = pending.stdout !== before;
    const stderr = exitCode === undefined ? why : this.complaint || why;
    this.answer(begun || !used ? { exitCode, stdout, stderr } : "not begun");
  }

  private answer(ended: Ended | "not begun"): void {
    const { pending } = this;
    this.pending = undefined;
    pending?.resolve(ended);
  }

  /** A channel without a question does not keep the script from ending. */
  private keepAlive(kept: boolean): void {
    const how = kept ? "ref" : "unref";
    this.child[how]();
    for (const stream of [this.child.stdin, this.child.stdout, this.child.stderr] as unknown as Socket[]) stream[how]();
  }
}

function wayTo({ container, options }: ShellCommand): string {
  return [...options, container].join(" ");
}

/**
 * Shell that runs a command, and prints a mark before it, after what it prints, and after its exit code and errors. Its
 * input stands in the shell's own, between lines that nothing else can contain: it is not in the words of a process.
 */
function framed(words: readonly string[], stdin: string, mark: string): string {
  const input = stdin === "" ? "</dev/null" : `<<'${mark}'\n${stdin}${mark}`;
  return [
    `exec 3>&1; printf %s ${mark}`,
    `said=$(${words.map(quoted).join(" ")} 2>&1 >&3 3>&- ${input}`,
    `); printf '%s %d %s%s' ${mark} $? "$said" ${mark}`,
    "",
  ].join("\n");
}

/**
 * Gives the command of `docker exec` if a channel can run it: one for the shell, with an input that is empty or ends
 * with a line.
 */
export function shellCommandIn(args: readonly string[], stdin: string): ShellCommand | undefined {
  const [exec, ...rest] = args;
  const options = rest.slice(
    0,
    rest.findIndex((word) => !word.startsWith("-")),
  );
  const [container = "", shell, option = ""] = rest.slice(options.length);
  if (exec !== "exec" || container === "" || shell !== "sh" || !/^-e?u?c$/.test(option)) return undefined;
  if (options.some((word) => word !== "-i" && !word.startsWith("--user="))) return undefined;
  if (stdin !== "" && !stdin.endsWith("\n")) return undefined;
  return { container, options: options.filter((word) => word !== "-i"), words: rest.slice(options.length + 1) };
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
