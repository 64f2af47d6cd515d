import { DockerClient } from "./client";

type ObjectType = Parameters<DockerClient["inspectAll"]>[1];

/**
 * A docker client for inspecting a host on which nothing changes meanwhile: an object is inspected once. Each docker
 * command takes 50 ms of processor time, and over ssh a session.
 */
export class SnapshotClient extends DockerClient {
  /** Objects by type, and by each name that they have or were requested by. */
  private readonly inspected = new Map<string, unknown>();

  public constructor(private readonly docker: DockerClient) {
    super(docker.host);
  }

  public override run(args: readonly string[], stdin?: string, timeoutSeconds?: number): Promise<string> {
    return this.docker.run(args, stdin, timeoutSeconds);
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
}
