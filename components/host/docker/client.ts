import { spawn, spawnSync } from "node:child_process";
import { childEnvironment } from "../child-environment";
import { DockerError, jsonIn, onDockerError } from "./errors";
import { ExecChannel, LARGEST_COMPLAINT, LARGEST_OUTPUT, type ShellCommand, shellCommandIn } from "./exec-channel";
import { spelled } from "./spelling";

type ObjectType = "container" | "image" | "volume";

/**
 * Commands that only read, and that Docker answers at once. They have a time limit: without an answer, Docker or the
 * connection to it hangs. Commands that do work (a dump, a pull, a stop) have none.
 */
const LOOKS = ["inspect", "ps", "version", "info", "port", "logs", "top", "network ls", "volume ls", "image ls"];
const LOOK_SECONDS = 60;

/** Over ssh each command is a session, and sshd usually allows ten for each connection (MaxSessions). */
const AT_ONCE_OVER_SSH = 4;

/** Shells that wait in containers for their next command: over ssh each of them is a session, too. */
const IDLE_CHANNELS = 3;

/**
 * Runs the docker client against one Docker host. The client is used instead of a library: it is installed wherever
 * containers are run by hand, and it uses unix sockets, and ssh with the operator's own keys and settings.
 */
export class DockerClient {
  private running = 0;
  private readonly waiting: (() => void)[] = [];
  private readonly atOnce: number;
  private channels: ExecChannel[] = [];

  /** Runs at most `atOnce` commands at a time; further commands wait for their turn, in order. */
  public constructor(
    public readonly host: string,
    atOnce = Infinity,
    private readonly lookSeconds = LOOK_SECONDS,
  ) {
    this.atOnce = host.startsWith("ssh://") ? Math.min(atOnce, AT_ONCE_OVER_SSH) : atOnce;
  }

  /**
   * Runs `docker ARGS` with `stdin`, and returns its standard output. The time limit is in seconds; 0 means none. By
   * default only commands that read have one.
   */
  public run(args: readonly string[], stdin = "", timeoutSeconds = this.limitOf(args)): Promise<string> {
    return this.output(args, stdin, timeoutSeconds).then(({ stdout }) => stdout);
  }

  /** Does the same synchronously, for a process that is exiting; undefined when the command fails. */
  public runNow(args: readonly string[]): string | undefined {
    const { status, stdout } = spawnSync("docker", ["--host", this.host, ...args], {
      encoding: "utf8",
      env: childEnvironment(),
      timeout: this.lookSeconds * 1000,
    });
    return status === 0 ? stdout : undefined;
  }

  /** Gives the last lines of a container's log, both streams, in the order of `docker logs`. */
  public async logs(container: string, lines: number): Promise<string> {
    const { stdout, stderr } = await this.output(["logs", "--tail", String(lines), container], "", this.lookSeconds);
    return `${stdout}${stderr}`.trim();
  }

  /** Gives the parsed answer of `docker inspect`; undefined when there is no such object. */
  public async inspect(id: string, type: ObjectType = "container"): Promise<unknown> {
    const [object] = await this.inspectAll([id], type);
    return object;
  }

  /**
   * Inspects several objects at once, and leaves out those that do not exist: Docker then fails, but prints the others
   * first.
   */
  public async inspectAll(ids: readonly string[], type: ObjectType = "container"): Promise<unknown[]> {
    if (ids.length === 0) return [];
    const told = await onDockerError(this.run(["inspect", "--type", type, ...ids]), (error) => {
      if (/no such/i.test(error.stderr)) return error.stdout;
      throw error;
    });
    return jsonIn(told.trim() || "[]", "inspect") as unknown[];
  }

  private limitOf([first = "", second = ""]: readonly string[]): number {
    return LOOKS.includes(first) || LOOKS.includes(`${first} ${second}`) ? this.lookSeconds : 0;
  }

  /** Runs every command whose result the program waits for. */
  protected async output(
    args: readonly string[],
    stdin: string,
    timeoutSeconds: number,
  ): Promise<{ stdout: string; stderr: string }> {
    if (this.running >= this.atOnce) await new Promise<void>((resolve) => this.waiting.push(resolve));
    else this.running++;
    try {
      const command = shellCommandIn(args, stdin);
      if (command === undefined) return await this.spawn(args, stdin, timeoutSeconds);
      return await this.inChannel(command, { args, stdin, timeoutSeconds });
    } finally {
      const next = this.waiting.shift();
      if (next === undefined) this.running--;
      else next();
    }
  }

  /** Runs a shell command in a container through a shell that has run others there, or may run others later. */
  private async inChannel(
    command: ShellCommand,
    { args, stdin, timeoutSeconds }: { args: readonly string[]; stdin: string; timeoutSeconds: number },
  ): Promise<{ stdout: string; stderr: string }> {
    for (;;) {
      const channel = this.channelFor(command);
      let late = "";
      const limit = () => {
        late = `no answer within ${timeoutSeconds} s`;
        channel.close();
      };
      const timer = timeoutSeconds > 0 ? setTimeout(limit, timeoutSeconds * 1000) : undefined;
      const ended = await channel.ask(command, stdin);
      clearTimeout(timer);
      if (ended === "not begun" && late === "") continue;
      const { exitCode, stdout, stderr } =
        ended === "not begun" ? { exitCode: undefined, stdout: "", stderr: "" } : ended;
      if (exitCode === 0) return { stdout, stderr };
      throw new DockerError({ command: "exec", exitCode, stderr: late || stderr, stdout, asked: spelled(args) });
    }
  }

  private channelFor(command: ShellCommand): ExecChannel {
    this.channels = this.channels.filter(({ closed }) => !closed);
    const free = this.channels.find((channel) => !channel.busy && channel.leadsTo(command));
    if (free !== undefined) return free;
    const idle = this.channels.filter(({ busy }) => !busy);
    if (idle.length >= IDLE_CHANNELS) idle[0]?.close();
    const opened = new ExecChannel(this.host, command);
    this.channels.push(opened);
    return opened;
  }

  /**
   * Starts the client in its own process group: Ctrl-C goes to the script, which decides what may be stopped half-way.
   */
  private spawn(
    args: readonly string[],
    stdin: string,
    timeoutSeconds: number,
  ): Promise<{ stdout: string; stderr: string }> {
    return new Promise((resolve, reject) => {
      const child = spawn("docker", ["--host", this.host, ...args], { detached: true, env: childEnvironment() });
      let [stdout, stderr, ended] = ["", "", ""];
      const end = (why: string) => {
        ended = why;
        child.kill("SIGKILL");
      };
      const limit = () => {
        end(`no answer within ${timeoutSeconds} s`);
      };
      const timer = timeoutSeconds > 0 ? setTimeout(limit, timeoutSeconds * 1000) : undefined;
      const fail = (exitCode: number | undefined, why: string) => {
        clearTimeout(timer);
        reject(
          new DockerError({
            command: args[0] ?? "",
            exitCode,
            stderr: ended || stderr || why,
            stdout,
            asked: spelled(args),
          }),
        );
      };
      child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
        stdout += chunk;
        if (stdout.length > LARGEST_OUTPUT) end(`an answer of more than ${LARGEST_OUTPUT / 1024 / 1024} MiB`);
      });
      child.stderr
        .setEncoding("utf8")
        .on("data", (chunk: string) => (stderr = `${stderr}${chunk}`.slice(-LARGEST_COMPLAINT)));
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
