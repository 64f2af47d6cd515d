import type { DockerClient } from "../../components/docker/client";
import { inspectContainer } from "./containers";
import { withheld } from "./secrecy";

const LINES = 20;

/** The end of a container's log, without the secrets of its environment; empty when there is none to read. */
export async function lastWords(docker: DockerClient, name: string | undefined): Promise<string> {
  const container = name === undefined ? undefined : await inspectContainer(docker, name).catch(() => undefined);
  if (name === undefined || container === undefined) return "";
  const entries = (container.Config.Env ?? []).map((entry) => entry.split(/=(.*)/s) as [string, string]);
  return withheld(await docker.logs(name, LINES).catch(() => ""), Object.fromEntries(entries));
}
