import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished, vi } from "vitest";
import { DockerClient } from "../../components/host/docker/client";
import { DockerError } from "../../components/host/docker/errors";

/** Makes `docker` run a script instead of the client until the test is over. Gives the folder of the script. */
export function dockerRuns(script: string): string {
  const folder = mkdtempSync(join(tmpdir(), "nestfleet-docker-"));
  writeFileSync(join(folder, "docker"), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  vi.stubEnv("PATH", `${folder}:${process.env["PATH"] ?? ""}`);
  onTestFinished(() => {
    vi.unstubAllEnvs();
    rmSync(folder, { recursive: true });
  });
  return folder;
}

/** A docker client for tests: it answers with what `answer` gives, and keeps the commands that it got. */
export class ScriptedDocker extends DockerClient {
  public readonly asked: string[] = [];

  public constructor(
    private readonly answer: (command: string, stdin: string, args: readonly string[]) => string | undefined,
  ) {
    super("unix:///nowhere");
  }

  /** If `answer` gives undefined, the command fails with Docker's error for a container that does not exist. */
  public override run(args: readonly string[], stdin = ""): Promise<string> {
    return Promise.resolve().then(() => {
      const command = args.join(" ");
      this.asked.push(command);
      const answer = this.answer(command, stdin, args);
      if (answer !== undefined) return answer;
      throw new DockerError({ command: args[0] ?? "", exitCode: 1, stderr: "Error: No such container", stdout: "" });
    });
  }

  /** The log of a container is empty if `answer` gives undefined. */
  public override logs(container: string, lines: number): Promise<string> {
    const args = ["logs", "--tail", String(lines), container];
    return Promise.resolve().then(() => {
      this.asked.push(args.join(" "));
      return this.answer(args.join(" "), "", args) ?? "";
    });
  }
}

/** A container as a test describes it. */
export interface Listed {
  readonly id: string;
  readonly name: string;
  readonly role: string;
  readonly version: string;
  readonly state: string;
}

/** The answer of `docker inspect` about a container. */
export function inspection({ id, name, role, version, state }: Listed): object {
  const restarting = state === "restarting";
  const running = state === "running" || state === "paused" || restarting;
  return {
    Id: id,
    Name: `/${name}`,
    Image: `sha256:${id}`,
    RestartCount: 0,
    Config: {
      Labels: { "org.nestfleet.stack": "prod", "org.nestfleet.role": role, "org.nestfleet.version": version },
    },
    State: { Status: state, Running: running, Restarting: restarting, OOMKilled: false, ExitCode: 0, StartedAt: "" },
  };
}

/** The answers of `docker ps` and `docker inspect` about these containers, which are inspected by id or by name. */
export function listing(containers: readonly Listed[]): (command: string) => string | undefined {
  return (command) => {
    const [verb, ...words] = command.split(" ");
    if (verb === "ps") return containers.map(words.includes("--quiet") ? ({ id }) => id : row).join("\n");
    if (verb !== "inspect" || words[1] !== "container") return undefined;
    const found = words
      .slice(2)
      .flatMap((asked) => containers.filter(({ id, name }) => asked === id || asked === name));
    return found.length === 0 ? undefined : JSON.stringify(found.map(inspection));
  };
}

function row({ id, name, role, version, state }: Listed): string {
  return [id, name, role, version, state].join("\t");
}

/** The output of psql for the queries of one session, which has `\echo` commands that print a mark between them. */
export function answered(session: string, answer: (question: string) => string): string {
  const [first = "", ...rest] = session.split(/^\\echo (.*)$/m);
  const printed = rest.map((part, index) => (index % 2 === 0 ? part : answer(part)));
  return [answer(first), ...printed].join("\n");
}
