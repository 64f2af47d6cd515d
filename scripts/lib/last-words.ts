import type { DockerClient } from "../../components/docker/client";
import { environmentOf, inspectContainer } from "./containers";
import { withheld } from "./secrecy";

const LINES = 20;

/** The end of a container's log, without the secrets of its environment; empty when there is none to read. */
export async function lastWords(docker: DockerClient, name: string | undefined): Promise<string> {
  const container = name === undefined ? undefined : await inspectContainer(docker, name).catch(() => undefined);
  if (name === undefined || container === undefined) return "";
  return withheld(await docker.logs(name, LINES).catch(() => ""), environmentOf(container.Config.Env ?? []));
}
