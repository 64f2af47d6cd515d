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
  /** Undefined when it is not named, and an explicit host is asked which stack it has. */
  readonly stack?: string | undefined;
  readonly host: string;
}

/** Also with organization and project, as Pulumi spells it in full. */
const STACK = /^(?:[\w.-]+\/){0,2}[\w-][\w.-]{0,99}$/;
const KEY = "nestfleet:dockerHost";
/** Plain text, or encrypted as `{secure: …}`. */
const config = z.object({ config: z.record(z.string(), z.unknown()).nullish() }).nullish();

/** Who asks. */
export interface Asking {
  /** What is done replaces data: then the shell alone does not say where. */
  readonly replaces?: boolean;
  readonly environment?: NodeJS.ProcessEnv;
  /** Where the configs of the stacks are. */
  readonly folder?: string;
}

/**
 * The Docker host of the stack itself: the one that is named, else that of the stack's config, else the shell's. A stack
 * of the same name may run elsewhere, and what is restored there is the wrong data: where config and shell disagree,
 * nothing is done.
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
    // Without a name the stack was found where the shell asks.
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
    `Which Docker host is meant? The stack ${stack} is on ${own} (${KEY} in Pulumi.${stack}.yaml), and this shell asks ${other}.\n` +
      `Nothing was touched.\nNext: name one: --docker-host ${own}, or --docker-host ${other}`,
  );
}

function unnamed(stack: string, shell: string): Refusal {
  return new Refusal(
    `Whether the stack ${stack} is on ${shell}, as DOCKER_HOST says, cannot be told: there is no Pulumi.${stack}.yaml here.\n` +
      `Nothing was touched.\nNext: when it is, say so: --docker-host ${shell}`,
  );
}

/** By the rule that the config has. */
function reachable(host: string, where: string): string {
  if (DOCKER_HOST.test(host.replace(/^(ssh:.*)\/$/, "$1"))) return host;
  throw new Refusal(
    `${where} is ${JSON.stringify(host)}; the Docker host must be ${DOCKER_HOST_RULE}.\nNothing was touched.\nNext: name the stack's own: --docker-host HOST`,
  );
}

function told(host: string, why: string): string {
  say(`Docker host: ${host} (${why})`);
  return host;
}

/** Undefined where the stack's config is not here; a config that names no host has the default. */
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
    `${file} cannot be read: ${why.trim()}\nNothing was touched.\nNext: mend the file, or name the host with --docker-host`,
  );
}

/** The same socket by another path, and a URL with a slash at its end, are the same host. */
async function canonical(host: string): Promise<string> {
  if (!host.startsWith("unix://")) return host.replace(/\/+$/, "");
  const path = host.slice("unix://".length);
  return `unix://${await realpath(path).catch(() => path)}`;
}
