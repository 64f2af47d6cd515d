import { readFile, realpath } from "node:fs/promises";
import { join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { DockerClient } from "./docker/client";
import { LOCAL_DOCKER } from "../release/commands";
import { DOCKER_HOST, DOCKER_HOST_RULE } from "../settings/docker-host";
import { PROJECT } from "./project";
import { Refusal, say } from "./output";
import { onlyStack } from "./stack";

/** Where a stack runs. */
interface Place {
  /** Undefined when only a host is named: the stack is then found there. */
  readonly stack?: string | undefined;
  readonly host: string;
}

/** The name of a stack, also with organization and project, as Pulumi spells it in full. */
const STACK = /^(?:[\w.-]+\/){0,2}[\w-][\w.-]{0,99}$/;
const KEY = "nestfleet:dockerHost";
/** The file of a stack. A value is plain text, or encrypted as `{secure: …}`. */
const config = z.object({ config: z.record(z.string(), z.unknown()).nullish() }).nullish();

/** What the caller will do with the host. */
export interface Asking {
  /** True when the script replaces data: then DOCKER_HOST alone does not choose the host. */
  readonly replaces?: boolean;
  readonly environment?: NodeJS.ProcessEnv;
  /** The folder with the files of the stacks. */
  readonly folder?: string;
}

/**
 * Finds the stack's own Docker host: the one on the command line, else the one in the stack's config, else the shell's.
 * Where config and shell name different hosts, the script is refused: a stack of the same name may run elsewhere, and a
 * restore there would replace the wrong data.
 */
export async function ownHost(
  asked: string | undefined,
  named: string | undefined,
  { replaces = false, environment = process.env, folder = PROJECT }: Asking = {},
): Promise<Place> {
  if (asked !== undefined && (!STACK.test(asked) || asked.includes("..")))
    throw new Refusal(`${JSON.stringify(asked)} is not the name of a stack: letters, digits, '.', '_' and '-'.`);
  const stack = asked?.split("/").at(-1);
  if (named !== undefined) return { stack, host: told(reachable(named, "--docker-host"), "--docker-host") };
  const shell = environment["DOCKER_HOST"] === "" ? undefined : environment["DOCKER_HOST"];
  if (shell !== undefined) reachable(shell, "DOCKER_HOST");
  const found = stack ?? (await onlyStack(new DockerClient(shell ?? LOCAL_DOCKER)));
  const file = join(folder, `Pulumi.${found}.yaml`);
  const own = await configured(file, found);
  if (own !== undefined) {
    // Without a name, the stack was found on the host of the shell.
    const other = shell ?? (stack === undefined ? LOCAL_DOCKER : own);
    if ((await canonical(other)) !== (await canonical(own))) throw disagreement(found, own, other);
    return { stack: found, host: told(own, `${KEY} in Pulumi.${found}.yaml`) };
  }
  if (shell !== undefined && replaces) throw unnamed(found, shell);
  const absent = `there is no Pulumi.${found}.yaml here`;
  return { stack: found, host: told(shell ?? LOCAL_DOCKER, shell === undefined ? absent : `DOCKER_HOST; ${absent}`) };
}

function disagreement(stack: string, own: string, other: string): Refusal {
  return new Refusal(
    `Which Docker host is meant? The stack ${stack} is on ${own} (${KEY} in Pulumi.${stack}.yaml), but this shell uses ${other}.\n` +
      `Nothing was touched.\nNext: name one: --docker-host ${own}, or --docker-host ${other}`,
  );
}

function unnamed(stack: string, shell: string): Refusal {
  return new Refusal(
    `It cannot be told whether the stack ${stack} is on ${shell} (DOCKER_HOST): there is no Pulumi.${stack}.yaml here.\n` +
      `Nothing was touched.\nNext: if the stack is there, name the host: --docker-host ${shell}`,
  );
}

/** Checks a host by the rule of the configuration. */
function reachable(host: string, where: string): string {
  if (DOCKER_HOST.test(host.replace(/^(ssh:.*)\/$/, "$1"))) return host;
  throw new Refusal(
    `${where} is ${JSON.stringify(host)}; the Docker host must be ${DOCKER_HOST_RULE}.\nNothing was touched.\nNext: name the Docker host of the stack: --docker-host HOST`,
  );
}

function told(host: string, why: string): string {
  say(`Docker host: ${host} (${why})`);
  return host;
}

/**
 * Reads the host from the stack's config; undefined where there is no such file. Without the key, it is the default.
 */
async function configured(file: string, stack: string): Promise<string | undefined> {
  const text = await readFile(file, "utf8").catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw unreadable(file, (error as Error).message);
  });
  if (text === undefined) return undefined;
  const value = read(file, text)?.config?.[KEY] ?? LOCAL_DOCKER;
  if (typeof value === "string") return value;
  throw unreadable(file, `${KEY} is not plain text; name the host of ${stack} with --docker-host`);
}

function read(file: string, text: string): z.infer<typeof config> {
  try {
    return config.parse(parse(text));
  } catch (error) {
    throw unreadable(file, error instanceof z.ZodError ? "it is not the config of a stack" : (error as Error).message);
  }
}

function unreadable(file: string, why: string): Refusal {
  return new Refusal(
    `${file} cannot be read: ${why.trim()}\nNothing was touched.\nNext: fix the file, or name the host with --docker-host`,
  );
}

/** Spells a host in one way: another path to the same socket, or a slash at the end of the URL, is the same host. */
async function canonical(host: string): Promise<string> {
  if (!host.startsWith("unix://")) return host.replace(/\/+$/, "");
  const path = host.slice("unix://".length);
  return `unix://${await realpath(path).catch(() => path)}`;
}
