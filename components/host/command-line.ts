import { parseArgs, type ParseArgsConfig } from "node:util";
import { type Asking, ownHost } from "./own-host";
import { Refusal } from "./output";

/** Of every script that works on a running stack. */
export const PLACE = { stack: { type: "string" }, "docker-host": { type: "string" } } as const;

type Options = NonNullable<ParseArgsConfig["options"]>;

/** What a person typed, as the options say; anything else is refused with the usage, a line for each way to call it. */
export function parse<T extends Options>(words: readonly string[], options: T, ...usage: string[]) {
  try {
    return parseArgs({ args: [...words], options, allowPositionals: true, strict: true });
  } catch (error) {
    throw misused((error as Error).message.split(". ", 1)[0] ?? "", ...usage);
  }
}

/** A command line that means nothing: what is wrong with it, and what there is. */
export function misused(why: string, ...usage: string[]): Refusal {
  return new Refusal([why, ...usage.map((line, index) => `${index === 0 ? "Usage:" : "      "} ${line}`)].join("\n"));
}

/** Finds the stack and its own Docker host, and says which it is: what is done there cannot be taken back elsewhere. */
export async function place(
  values: { stack?: string | undefined; "docker-host"?: string | undefined },
  asking: Asking = {},
) {
  const { host, stack } = await ownHost(values.stack, values["docker-host"], asking);
  return { dockerHost: host, ...(stack !== undefined && { stack }) };
}
