import { parseArgs, type ParseArgsConfig } from "node:util";
import { type Asking, ownHost } from "./own-host";
import { Refusal } from "./output";

/** The options that every script for a running stack takes. */
export const PLACE = { stack: { type: "string" }, "docker-host": { type: "string" } } as const;

type Options = NonNullable<ParseArgsConfig["options"]>;

/** Parses a typed command line by its options; refuses anything else with the usage, a line for each way to call it. */
export function parse<T extends Options>(words: readonly string[], options: T, ...usage: string[]) {
  try {
    return parseArgs({ args: [...words], options, allowPositionals: true, strict: true });
  } catch (error) {
    throw misused((error as Error).message.split(". ", 1)[0] ?? "", ...usage);
  }
}

/** The refusal of an invalid command line: what is wrong with it, and the usage. */
export function misused(why: string, ...usage: string[]): Refusal {
  return new Refusal([why, ...usage.map((line, index) => `${index === 0 ? "Usage:" : "      "} ${line}`)].join("\n"));
}

/** Finds the stack and its own Docker host. Work on the wrong host could not be taken back. */
export async function place(
  values: { stack?: string | undefined; "docker-host"?: string | undefined },
  asking: Asking = {},
) {
  const { host, stack } = await ownHost(values.stack, values["docker-host"], asking);
  return { dockerHost: host, ...(stack !== undefined && { stack }) };
}
