import type { DockerClient } from "./client";
import { LABELS } from "../../release/names";
import { environmentOf } from "./environment";
import { type Container, inspectContainer } from "./containers";
import { complaint } from "../database/database";
import { indented } from "../output";
import { withheld } from "./redaction";

const LINES = 30;
/** The number of lines of Caddy's log that are searched for lines that are not requests of users. */
const LINES_OF_PROXY = 500;
const ACCESS = '"logger":"http.log.access';

/**
 * Gives the end of a container's log as lines of a report, without the secrets of its environment; none when there is
 * no log. It is read before an undoing: a failure to read it is named in the report and does not stop the undoing.
 */
export async function lastWords(docker: DockerClient, name: string | undefined): Promise<string[]> {
  if (name === undefined) return [];
  try {
    const container = await inspectContainer(docker, name);
    const log = container && (await read(docker, name, container));
    if (container === undefined || log === undefined || log === "") return [];
    const shown = withheld(log, environmentOf(container.Config.Env ?? []));
    return [`Last lines of the log of ${container.Name.slice(1)}:`, indented(shown)];
  } catch (error) {
    return [`The log of ${name} cannot be read: ${complaint(error)}`];
  }
}

/** Leaves out the requests of users: readers of a report need not see them. */
async function read(docker: DockerClient, name: string, { Config: { Labels } }: Container): Promise<string> {
  if (Labels[LABELS.role] !== "caddy") return docker.logs(name, LINES);
  const log = await docker.logs(name, LINES_OF_PROXY);
  return log
    .split("\n")
    .filter((line) => !line.includes(ACCESS))
    .slice(-LINES)
    .join("\n");
}
