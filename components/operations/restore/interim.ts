import { z } from "zod";
import type { DockerClient } from "../../host/docker/client";
import { LABELS } from "../../release/names";
import { environmentOf } from "../../host/docker/environment";
import { inspectContainer } from "../../host/docker/containers";
import { Execution } from "../../host/docker/execution";
import { likeness, optionsLike } from "../../host/docker/likeness";
import { DockerError, REMOVED, unlessDockerFails, unlessGone } from "../../host/docker/errors";
import { Refusal } from "../../host/output";

const model = z.object({
  Image: z.string(),
  Config: z.object({ Env: z.array(z.string()).nullish(), Labels: z.record(z.string(), z.string()) }),
  NetworkSettings: z.object({ Networks: z.record(z.string(), z.unknown()) }),
});
type Model = z.infer<typeof model>;
const words = z.union([z.string(), z.array(z.string())]).nullish();
const image = z.object({ Config: z.object({ Env: z.array(z.string()).nullish(), Entrypoint: words, Cmd: words }) });

/** A temporary container, which replaces another container until the update creates one that is in Pulumi's state. */
interface InterimContainer {
  readonly name: string;
  /** The container from which it takes environment, networks, healthcheck, limits and the read-only file system. */
  readonly like: string;
  readonly imageId: string;
  readonly version: string;
  /** True makes the started container do nothing until `letGo`. */
  readonly waits?: boolean;
}

/**
 * Path of an anonymous volume for the mark that ends the wait. The root file system may be read-only, and a mark in memory
 * would be lost at a restart, after which the container must not wait again. The volume is removed with the container.
 */
const MARKS = "/.nestfleet-goes-on";
const GOES_ON = `${MARKS}/now`;
/** Waits for the mark, and then runs the image's own command. SIGTERM ends the wait, too. */
const WAIT = `trap 'exit 143' TERM; until [ -e ${GOES_ON} ]; do sleep 0.1; done; trap - TERM; exec "$@"`;
/** Sets the mark. In a container of an older program, the mark is a file in place of the volume. */
const GO_ON = `if [ -d ${MARKS} ]; then : >${GOES_ON}; else : >${MARKS}; fi`;

/**
 * Creates a temporary container, and does not start it. Its environment is passed by standard input and by the environment
 * of the docker client, never on a command line.
 */
export async function createInterim(docker: DockerClient, interim: InterimContainer): Promise<void> {
  const { name, like, imageId, version, waits = false } = interim;
  const inspected = await docker.inspect(like);
  const found = model.parse(inspected);
  const labels = { ...found.Config.Labels, [LABELS.version]: version };
  const [network, ...networks] = Object.keys(found.NetworkSettings.Networks);
  const options = [
    "--pull=never",
    `--name=${name}`,
    ...(network === undefined ? [] : [`--network=${network}`]),
    ...Object.entries(labels).map(([key, value]) => `--label=${key}=${value}`),
    ...optionsLike(likeness.parse(inspected)),
  ];
  const entries = await ownEntries(docker, found, imageId);
  const [long, short] = [true, false].map((wanted) => entries.filter((entry) => /[\r\n]/.test(entry) === wanted));
  // A file cannot hold a value of several lines (a key, a certificate); the client's own environment can.
  const environment = environmentOf(long ?? []);
  const variables = Object.keys(environment).map((variable) => `--env=${variable}`);
  const [entrypoint, command] = waits ? await waiting(docker, imageId) : [[], []];
  const args = ["create", ...options, "--env-file=/dev/stdin", ...variables, ...entrypoint, imageId, ...command];
  const creation = new Execution(docker, args, { environment, piped: true });
  creation.write((short ?? []).join("\n"));
  creation.close();
  const { exitCode, stderr } = await creation.ended;
  if (exitCode !== 0) throw new Refusal(`a temporary container of ${version} cannot be created: ${stderr}`);
  // Older versions of Docker accept one network at a time.
  for (const other of networks) await docker.run(["network", "connect", other, name]);
}

/** Gives the options before the image's name, and the words after it, that make a container wait before its own command. */
async function waiting(docker: DockerClient, imageId: string): Promise<[string[], string[]]> {
  const { Entrypoint, Cmd } = image.parse(await docker.inspect(imageId, "image")).Config;
  const own = [Entrypoint, Cmd].flatMap((part) => part ?? []);
  return [
    ["--entrypoint=sh", `--volume=${MARKS}`],
    ["-c", WAIT, "-", ...own],
  ];
}

/** Seconds for reading ahead; files that a slow disk has not read by then are read when the container needs them. */
const READING_SECONDS = 20;
/** Reads the files of the image, so that they are in the memory of the Docker host. */
const READ = "find . -type f -exec cat {} + >/dev/null 2>&1";

/**
 * Starts a container that waits, and reads its files ahead. False if it was not started, because its image has no shell to
 * wait in.
 */
export async function startWaiting(docker: DockerClient, name: string): Promise<boolean> {
  try {
    await docker.run(["start", name]);
  } catch (error) {
    if (error instanceof DockerError && /executable file not found|no such file/i.test(error.stderr)) return false;
    throw error;
  }
  const read = docker.run(["exec", name, "sh", "-c", READ], "", READING_SECONDS);
  await unlessDockerFails(read, undefined); // the container works without reading ahead, too
  return true;
}

/**
 * Ends the wait of a container, which then runs its own command at once: its mount and the writes to the disk of a start
 * were done before requests waited. Runs as root, because only root may write the mark, whatever the image's user is. A
 * container that was not started, because its image has no shell, is started.
 */
export async function letGo(docker: DockerClient, name: string): Promise<void> {
  if ((await inspectContainer(docker, name))?.State.Running !== true) await docker.run(["start", name]);
  else await docker.run(["exec", "--user=0:0", name, "sh", "-c", GO_ON]);
}

/** Gives the container's own variables. A variable that its image sets is left out if the other image sets it, too. */
async function ownEntries(docker: DockerClient, { Image, Config }: Model, imageId: string): Promise<string[]> {
  const [before, after] = await Promise.all([variablesOf(docker, Image), variablesOf(docker, imageId)]);
  const nameOf = (entry: string) => entry.split("=", 1)[0] ?? "";
  const brought = new Set(after.map(nameOf));
  return (Config.Env ?? []).filter((entry) => !(before.includes(entry) && brought.has(nameOf(entry))));
}

async function variablesOf(docker: DockerClient, imageId: string): Promise<string[]> {
  return image.parse(await docker.inspect(imageId, "image")).Config.Env ?? [];
}

/** Removes a temporary container. It is killed at once, because it has no requests. It may be gone already. */
export async function removeInterim(docker: DockerClient, name: string): Promise<void> {
  await unlessGone(docker.run(["rm", "--force", "--volumes", name]), REMOVED);
}
