import type { DockerClient } from "../../components/docker/client";
import { environmentOf, inspectContainer } from "./containers";
import { complaint } from "./database";
import { indented } from "./run";
import { withheld } from "./secrecy";

const LINES = 30;

/** The end of a container's log as lines of a report, without the secrets of its environment; none when there is none. */
export async function lastWords(docker: DockerClient, name: string | undefined): Promise<string[]> {
  const container = name === undefined ? undefined : await inspectContainer(docker, name).catch(() => undefined);
  if (name === undefined || container === undefined) return [];
  const log = await docker.logs(name, LINES).catch((error: unknown) => `the log cannot be read: ${complaint(error)}`);
  const environment = environmentOf(container.Config.Env ?? []);
  return log === ""
    ? []
    : [`Last lines of the log of ${container.Name.slice(1)}:`, indented(withheld(log, environment))];
}
