import { execFile, type ExecFileException } from "node:child_process";

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

/** Output above this is a fault of the command, not something to keep in memory. */
const LARGEST_OUTPUT = 64 * 1024 * 1024;

/**
 * The docker client against one host. The client and not a library: it is there wherever containers are run by hand,
 * and speaks unix sockets and ssh with the operator's own keys and settings.
 */
export class DockerClient {
  public constructor(public readonly host: string) {}

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
  public async inspect(id: string, type: "container" | "image" | "volume" = "container"): Promise<unknown> {
    try {
      const [object] = JSON.parse(await this.run(["inspect", "--type", type, id])) as unknown[];
      return object;
    } catch (error) {
      if (error instanceof DockerError && /no such/i.test(error.stderr)) return undefined;
      throw error;
    }
  }

  private output(
    args: readonly string[],
    stdin: string,
    timeoutSeconds: number,
  ): Promise<{ stdout: string; stderr: string }> {
    return new Promise((resolve, reject) => {
      const child = execFile(
        "docker",
        ["--host", this.host, ...args],
        { maxBuffer: LARGEST_OUTPUT, timeout: timeoutSeconds * 1000, killSignal: "SIGKILL" },
        (error, stdout, stderr) => {
          if (error) reject(new DockerError(args[0] ?? "", exitCode(error), stderr || error.message, stdout));
          else resolve({ stdout, stderr });
        },
      );
      child.stdin?.on("error", () => undefined).end(stdin); // a child that never reads its input closes the pipe
    });
  }
}

function exitCode(error: ExecFileException): number | undefined {
  return typeof error.code === "number" ? error.code : undefined;
}
