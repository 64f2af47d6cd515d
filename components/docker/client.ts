import { spawn } from "node:child_process";

/** A docker command that failed, with what it said; the arguments stay out of the message, they may hold anything. */
export class DockerError extends Error {
  public constructor(
    command: string,
    public readonly exitCode: number | undefined,
    public readonly stderr: string,
    public readonly stdout: string,
  ) {
    super(`docker ${command}: ${stderr.trim() || `exit code ${exitCode ?? "unknown"}`}`);
    this.name = "DockerError";
  }
}

type ObjectType = "container" | "image" | "volume";

/** Output above this is a fault of the command, not something to keep in memory. */
const LARGEST_OUTPUT = 64 * 1024 * 1024;

/**
 * The docker client against one host. The client and not a library: it is there wherever containers are run by hand,
 * and speaks unix sockets and ssh with the operator's own keys and settings.
 */
export class DockerClient {
  private running = 0;
  private readonly waiting: (() => void)[] = [];

  /** At most `atOnce` commands at a time; further ones wait for their turn, in order. */
  public constructor(
    public readonly host: string,
    private readonly atOnce = Infinity,
  ) {}

  /** Runs `docker ARGS`, feeding `stdin`, and returns what it wrote; with a time limit, unless that is 0. */
  public run(args: readonly string[], stdin = "", timeoutSeconds = 0): Promise<string> {
    return this.output(args, stdin, timeoutSeconds).then(({ stdout }) => stdout);
  }

  /** The last lines of a container's log, both streams, as `docker logs` orders them. */
  public async logs(container: string, lines: number): Promise<string> {
    const { stdout, stderr } = await this.output(["logs", "--tail", String(lines), container], "", 0);
    return `${stdout}${stderr}`.trim();
  }

  /** `docker inspect`, parsed; undefined when there is no such object. */
  public async inspect(id: string, type: ObjectType = "container"): Promise<unknown> {
    const [object] = await this.inspectAll([id], type);
    return object;
  }

  /** The same of several at once, without those that are not there: Docker fails then, but tells of the others first. */
  public async inspectAll(ids: readonly string[], type: ObjectType = "container"): Promise<unknown[]> {
    if (ids.length === 0) return [];
    const told = await this.run(["inspect", "--type", type, ...ids]).catch((error: unknown) => {
      if (error instanceof DockerError && /no such/i.test(error.stderr)) return error.stdout;
      throw error;
    });
    return JSON.parse(told.trim() || "[]") as unknown[];
  }

  private async output(
    args: readonly string[],
    stdin: string,
    timeoutSeconds: number,
  ): Promise<{ stdout: string; stderr: string }> {
    if (this.running >= this.atOnce) await new Promise<void>((resolve) => this.waiting.push(resolve));
    else this.running++;
    try {
      return await this.spawn(args, stdin, timeoutSeconds);
    } finally {
      const next = this.waiting.shift();
      if (next === undefined) this.running--;
      else next();
    }
  }

  /** In a process group of its own: Ctrl-C is for the script, which knows what may be left half-way and what not. */
  private spawn(
    args: readonly string[],
    stdin: string,
    timeoutSeconds: number,
  ): Promise<{ stdout: string; stderr: string }> {
    return new Promise((resolve, reject) => {
      const child = spawn("docker", ["--host", this.host, ...args], { detached: true });
      const timer = timeoutSeconds > 0 ? setTimeout(() => child.kill("SIGKILL"), timeoutSeconds * 1000) : undefined;
      let [stdout, stderr] = ["", ""];
      const fail = (exitCode: number | undefined, why: string) => {
        clearTimeout(timer);
        reject(new DockerError(args[0] ?? "", exitCode, stderr || why, stdout));
      };
      child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
        stdout += chunk;
        if (stdout.length > LARGEST_OUTPUT) child.kill("SIGKILL");
      });
      child.stderr.setEncoding("utf8").on("data", (chunk: string) => (stderr += chunk));
      child.on("error", (error) => {
        fail(undefined, error.message);
      });
      child.on("close", (code, signal) => {
        if (code === 0) {
          clearTimeout(timer);
          resolve({ stdout, stderr });
        } else fail(code ?? undefined, signal === null ? "" : `the docker client was ended by ${signal}`);
      });
      child.stdin.on("error", () => undefined).end(stdin); // a child that never reads its input closes the pipe
    });
  }
}
