import type { DockerClient } from "./client";
import { LABEL } from "../../release/names";
import { environmentOf } from "./environment";
import { type Container, inspectContainer } from "./inspection";
import { complaint } from "../database/database";
import { indented } from "../output";
import { withheld } from "./redaction";

const LINES = 30;
/** So many are looked through for those that are no requests of users. */
const LINES_OF_PROXY = 500;
const ACCESS = '"logger":"http.log.access';

/** The end of a container's log as lines of a report, without the secrets of its environment; none when there is none. */
export async function lastWords(docker: DockerClient, name: string | undefined): Promise<string[]> {
  const container = name === undefined ? undefined : await inspectContainer(docker, name).catch(() => undefined);
  if (name === undefined || container === undefined) return [];
  const log = await read(docker, name, container).catch(
    (error: unknown) => `the log cannot be read: ${complaint(error)}`,
  );
  const environment = environmentOf(container.Config.Env ?? []);
  return log === ""
    ? []
    : [`Last lines of the log of ${container.Name.slice(1)}:`, indented(withheld(log, environment))];
}

/** What users have asked for is none of a report's: its readers are others. */
async function read(docker: DockerClient, name: string, { Config: { Labels } }: Container): Promise<string> {
  if (Labels[`${LABEL}.role`] !== "caddy") return docker.logs(name, LINES);
  const log = await docker.logs(name, LINES_OF_PROXY);
  return log
    .split("\n")
    .filter((line) => !line.includes(ACCESS))
    .slice(-LINES)
    .join("\n");
}
