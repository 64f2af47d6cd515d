import type { DockerClient } from "./client";
import { LABELS } from "../../release/names";
import { environmentOf } from "./environment";
import { type Container, inspectContainer } from "./containers";
import { complaint } from "../database/database";
import { indented } from "../output";
import { withheld } from "./redaction";

const LINES = 30;
/** So many are looked through for those that are no requests of users. */
const LINES_OF_PROXY = 500;
const ACCESS = '"logger":"http.log.access';

/**
 * The end of a container's log as lines of a report, without the secrets of its environment; none when there is none. It
 * is read before something is undone: whatever fails here is said in the report and keeps nothing from being undone.
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

/** What users have asked for is none of a report's: its readers are others. */
async function read(docker: DockerClient, name: string, { Config: { Labels } }: Container): Promise<string> {
  if (Labels[LABELS.role] !== "caddy") return docker.logs(name, LINES);
  const log = await docker.logs(name, LINES_OF_PROXY);
  return log
    .split("\n")
    .filter((line) => !line.includes(ACCESS))
    .slice(-LINES)
    .join("\n");
}
