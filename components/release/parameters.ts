import type { PlanContext } from "./plan-context";

/** Parameters of the database's server, by name, as text. */
export type Parameters = Readonly<Record<string, string>>;

/** The part of the settings that decides the parameters. */
interface Configured {
  readonly sharedBuffers: string;
  readonly parameters: Parameters;
}

/** A parameter that an update changes. Undefined stands for the server's own value. */
export interface ParameterChange {
  readonly name: string;
  readonly before?: string | undefined;
  readonly after?: string | undefined;
}

/** Commit timestamps: the plan of a restore shows the time of the last write, which it would lose. */
const OWN = { track_commit_timestamp: "on" };
const SERVER = "postgres";

/** All parameters that the server is started with, in an order that does not depend on that of the config. */
export function parametersOf({ sharedBuffers, parameters }: Configured): Parameters {
  const sorted = Object.entries(parameters).sort(([one], [other]) => (one < other ? -1 : 1));
  return { shared_buffers: sharedBuffers, ...OWN, ...Object.fromEntries(sorted) };
}

/** The command of the database's container. */
export function serverCommand(parameters: Parameters): string[] {
  return [SERVER, ...Object.entries(parameters).flatMap(([name, value]) => ["-c", `${name}=${value}`])];
}

/** The parameters in the command of a container; undefined where it is not one that this program writes. */
export function parametersIn([program, ...options]: readonly string[]): Parameters | undefined {
  if (program !== SERVER || options.length % 2 !== 0) return undefined;
  const found: Record<string, string> = {};
  for (let index = 0; index < options.length; index += 2) {
    const [, name, value] = /^([^=]+)=([^]*)$/.exec(options[index + 1] ?? "") ?? [];
    if (options[index] !== "-c" || name === undefined || value === undefined) return undefined;
    found[name] = value;
  }
  return found;
}

/** The parameters that differ between the running server and the config, by name; none where that is not known. */
export function changedParameters({ facts, settings }: Pick<PlanContext, "facts" | "settings">): ParameterChange[] {
  const running = facts?.containers.find(({ role, running: runs }) => role === "postgres" && runs)?.parameters;
  const { sharedBuffers, parameters = {} } = settings.postgres ?? {};
  if (running === undefined || sharedBuffers === undefined) return [];
  const wanted = parametersOf({ sharedBuffers, parameters });
  const names = [...new Set([...Object.keys(running), ...Object.keys(wanted)])].sort();
  return names
    .map((name) => ({ name, before: running[name], after: wanted[name] }))
    .filter(({ before, after }) => before !== after);
}
