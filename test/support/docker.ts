import { DockerClient, DockerError } from "../../components/host/docker/client";

/** Stands for the docker client: answers with what `answer` gives, and knows what it was asked. */
export class ScriptedDocker extends DockerClient {
  public readonly asked: string[] = [];

  public constructor(private readonly answer: (command: string, stdin: string) => string | undefined) {
    super("unix:///nowhere");
  }

  /** Undefined is what Docker says of a container that is not there. */
  public override run(args: readonly string[], stdin = ""): Promise<string> {
    return Promise.resolve().then(() => {
      const command = args.join(" ");
      this.asked.push(command);
      const answer = this.answer(command, stdin);
      if (answer !== undefined) return answer;
      throw new DockerError(args[0] ?? "", 1, "Error: No such container", "");
    });
  }

  public override logs(container: string, lines: number): Promise<string> {
    return this.run(["logs", "--tail", String(lines), container]);
  }
}

/** What `docker ps` and `docker inspect` tell `containersOf` about these. */
export function listing(
  containers: readonly { id: string; name: string; role: string; version: string; state: string }[],
): (command: string) => string | undefined {
  return (command) => {
    if (command.startsWith("ps "))
      return containers
        .map(({ id, name, role, version, state }) => [id, name, role, version, state].join("\t"))
        .join("\n");
    if (command === ["inspect --type container", ...containers.map(({ id }) => id)].join(" "))
      return JSON.stringify(containers.map(({ id }) => ({ Id: id, Image: `sha256:${id}` })));
    return undefined;
  };
}
