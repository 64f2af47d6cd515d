import { randomUUID } from "node:crypto";
import { DockerClient } from "./client";
import { DockerError } from "./errors";
import { quoted } from "./exec-channel";
import { spelled } from "./spelling";

/** A command that waits for its turn. */
interface Question {
  readonly args: readonly string[];
  /** Undefined where the command must run by itself. */
  readonly shell: ShellCommand | undefined;
  readonly alone: () => Promise<string>;
  readonly resolve: (answer: string) => void;
  readonly reject: (reason: unknown) => void;
}

type ObjectType = Parameters<DockerClient["inspectAll"]>[1];

/** A command for the shell of a container, without standard input. */
interface ShellCommand {
  readonly container: string;
  readonly words: readonly string[];
}

/** How one of several commands in a container ended. */
interface Answer {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * A docker client for inspecting a host on which nothing changes meanwhile. Each docker command takes 50 ms of
 * processor time, and over ssh a session. So an object is inspected once, and shell commands that wait for their turn
 * in the same container run in one `docker exec`, each as it would run alone. One docker command runs at a time.
 * Commands that enter no container run first, so that more of the shell commands can be combined.
 */
export class CombiningClient extends DockerClient {
  private readonly questions: Question[] = [];
  private asking = false;
  /** Objects by type, and by each name that they have or were requested by. */
  private readonly inspected = new Map<string, unknown>();

  public constructor(private readonly docker: DockerClient) {
    super(docker.host);
  }

  public override run(args: readonly string[], stdin = "", timeoutSeconds?: number): Promise<string> {
    return new Promise((resolve, reject) => {
      const shell = stdin === "" && (timeoutSeconds ?? 0) === 0 ? shellCommandIn(args) : undefined;
      const alone = () => this.docker.run(args, stdin, timeoutSeconds);
      this.questions.push({ args, shell, alone, resolve, reject });
      void this.work();
    });
  }

  /** An object that does not exist is inspected again the next time: an image may be pulled meanwhile. */
  public override async inspectAll(ids: readonly string[], type: ObjectType = "container"): Promise<unknown[]> {
    const known = (id: string) => this.inspected.get(`${type} ${id}`);
    const unknown = ids.filter((id) => known(id) === undefined);
    const found = await super.inspectAll(unknown, type);
    // Docker answers in the order of the command, and leaves out objects that do not exist.
    if (found.length < unknown.length) return [...ids.flatMap((id) => known(id) ?? []), ...found];
    unknown.forEach((id, index) => {
      this.remember(type, id, found[index]);
    });
    return ids.map(known);
  }

  private remember(type: ObjectType, id: string, object: unknown): void {
    const { Id, Name } = object as { Id?: string; Name?: string };
    for (const name of [id, Id, Name?.replace(/^\//, "")])
      if (name !== undefined) this.inspected.set(`${type} ${name}`, object);
  }

  private async work(): Promise<void> {
    if (this.asking) return;
    this.asking = true;
    while (this.questions.length > 0) {
      // The callers of an answer add their next commands first.
      await new Promise(setImmediate);
      const taken = this.take();
      if (taken.length > 1) await this.askTogether(taken);
      else for (const { alone, resolve, reject } of taken) await alone().then(resolve, reject);
    }
    this.asking = false;
  }

  /** Takes the first command that enters no container, else all commands for the same container as the first. */
  private take(): Question[] {
    const first = this.questions.find(({ shell }) => shell === undefined) ?? this.questions[0];
    const container = first?.shell?.container;
    const isTaken = (one: Question) => one === first || (container !== undefined && one.shell?.container === container);
    const taken = this.questions.filter(isTaken);
    this.questions.splice(0, Infinity, ...this.questions.filter((one) => !isTaken(one)));
    return taken;
  }

  private async askTogether(questions: readonly Question[]): Promise<void> {
    const mark = randomUUID();
    const commands = questions.flatMap(({ shell }) => shell ?? []);
    const asked = ["exec", commands[0]?.container ?? "", "sh", "-c", together(commands, mark)];
    try {
      const answers = answersIn(await this.docker.run(asked), mark);
      questions.forEach(({ args, resolve, reject }, index) => {
        const { exitCode, stdout, stderr } = answers[index] ?? NO_ANSWER;
        if (exitCode === 0) resolve(stdout);
        else reject(new DockerError({ command: "exec", exitCode, stderr, stdout, asked: spelled(args) }));
      });
    } catch (error) {
      for (const { reject } of questions) reject(error);
    }
  }
}

/** Undefined for any other command, and for an `exec` with other options than `-i`. */
function shellCommandIn(args: readonly string[]): ShellCommand | undefined {
  const [exec, ...rest] = args;
  const [container = "", shell, option = "", ...words] = rest[0] === "-i" ? rest.slice(1) : rest;
  if (exec !== "exec" || container.startsWith("-") || shell !== "sh" || !/^-e?u?c$/.test(option)) return undefined;
  return { container, words: [shell, option, ...words] };
}

/** Gives shell that runs the commands one after the other, also after a failure, and prints after each how it ended. */
function together(commands: readonly ShellCommand[], mark: string): string {
  const each = commands.map(({ words }) => `tell ${words.map(quoted).join(" ")}`);
  return [
    "exec 3>&1",
    `tell() { said=$("$@" 2>&1 >&3 3>&- </dev/null); printf '%s %d %s%s' ${mark} $? "$said" ${mark}; }`,
    ...each,
  ].join("\n");
}

/** Stands for a missing answer, where Docker says that it has run all commands. */
const NO_ANSWER: Answer = { exitCode: 1, stdout: "", stderr: "no answer" };

function answersIn(said: string, mark: string): Answer[] {
  const parts = said.split(mark);
  return Array.from({ length: (parts.length - 1) / 2 }, (_, index) => {
    const [stdout = "", ended = ""] = parts.slice(2 * index);
    const [, exitCode, stderr = ""] = /^ (\d+) ([^]*)$/.exec(ended) ?? [];
    return { exitCode: Number(exitCode ?? 1), stdout, stderr };
  });
}
