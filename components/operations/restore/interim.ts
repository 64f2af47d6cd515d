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

/** A container that takes the place of another until the next update makes one that its state knows. */
interface InterimContainer {
  readonly name: string;
  /** The container whose environment, networks, healthcheck, limits and read-only file system it has. */
  readonly like: string;
  readonly imageId: string;
  readonly version: string;
  /** Once started, it does nothing until `letGo`. */
  readonly waits?: boolean;
}

/**
 * An anonymous volume: the container may have a read-only root file system, and what is in memory is gone after a restart,
 * after which a container that went on before must not wait again. It goes when the container is removed.
 */
const MARKS = "/.nestfleet-goes-on";
const GOES_ON = `${MARKS}/now`;
/** The image's own command follows it. An order to stop ends it, too. */
const WAIT = `trap 'exit 143' TERM; until [ -e ${GOES_ON} ]; do sleep 0.1; done; trap - TERM; exec "$@"`;
/** In a container that an older program has made, the mark is a file in place of the volume. */
const GO_ON = `if [ -d ${MARKS} ]; then : >${GOES_ON}; else : >${MARKS}; fi`;

/** Creates one and does not start it. Its environment goes over standard input and the client's own, never on a command line. */
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
  if (exitCode !== 0) throw new Refusal(`a container of ${version} cannot be made: ${stderr}`);
  // Older engines take one network at a time.
  for (const other of networks) await docker.run(["network", "connect", other, name]);
}

/** The options before the image's name and the words after it, with which a container waits before it does its work. */
async function waiting(docker: DockerClient, imageId: string): Promise<[string[], string[]]> {
  const { Entrypoint, Cmd } = image.parse(await docker.inspect(imageId, "image")).Config;
  const own = [Entrypoint, Cmd].flatMap((part) => part ?? []);
  return [
    ["--entrypoint=sh", `--volume=${MARKS}`],
    ["-c", WAIT, "-", ...own],
  ];
}

/** Seconds: what a slow disk has not given by then is read when it is needed. */
const READING_SECONDS = 20;
/** What the image's command will read, into the memory of the Docker host. */
const READ = "find . -type f -exec cat {} + >/dev/null 2>&1";

/**
 * Starts one that waits, and has its files read meanwhile. False where it cannot wait, because its image has no shell:
 * then it was not started.
 */
export async function startWaiting(docker: DockerClient, name: string): Promise<boolean> {
  try {
    await docker.run(["start", name]);
  } catch (error) {
    if (error instanceof DockerError && /executable file not found|no such file/i.test(error.stderr)) return false;
    throw error;
  }
  const read = docker.run(["exec", name, "sh", "-c", READ], "", READING_SECONDS);
  await unlessDockerFails(read, undefined); // the container works without that, too
  return true;
}

/**
 * Lets one that waits do its work, within a moment: to start a container costs a mount and several writes to the disk,
 * which were done while no request waited for them. As root, whatever the image's user is: only root may write there. One
 * that was not started, because its image has no shell to wait in, is started.
 */
export async function letGo(docker: DockerClient, name: string): Promise<void> {
  if ((await inspectContainer(docker, name))?.State.Running !== true) await docker.run(["start", name]);
  else await docker.run(["exec", "--user=0:0", name, "sh", "-c", GO_ON]);
}

/** Its own settings; what its image only brought along, the other image brings in its own way. */
async function ownEntries(docker: DockerClient, { Image, Config }: Model, imageId: string): Promise<string[]> {
  const [before, after] = await Promise.all([variablesOf(docker, Image), variablesOf(docker, imageId)]);
  const nameOf = (entry: string) => entry.split("=", 1)[0] ?? "";
  const brought = new Set(after.map(nameOf));
  return (Config.Env ?? []).filter((entry) => !(before.includes(entry) && brought.has(nameOf(entry))));
}

async function variablesOf(docker: DockerClient, imageId: string): Promise<string[]> {
  return image.parse(await docker.inspect(imageId, "image")).Config.Env ?? [];
}

/** Removes one. It is killed and not asked to stop, because it has no requests. One that is gone is no error. */
export async function removeInterim(docker: DockerClient, name: string): Promise<void> {
  await unlessGone(docker.run(["rm", "--force", "--volumes", name]), REMOVED);
}
