import { z } from "zod";
import type { DockerClient } from "../../components/docker/client";
import { LABEL } from "../../components/docker/labels";
import { environmentOf } from "./containers";
import { Execution } from "./execution";
import { REMOVED, unlessGone } from "./removal";
import { Refusal } from "./run";

const model = z.object({
  Image: z.string(),
  Config: z.object({
    Env: z.array(z.string()).nullish(),
    Labels: z.record(z.string(), z.string()),
    StopTimeout: z.number().nullish(),
  }),
  HostConfig: z.object({ Memory: z.number(), NanoCpus: z.number() }),
  NetworkSettings: z.object({ Networks: z.record(z.string(), z.unknown()) }),
});
type Model = z.infer<typeof model>;
const image = z.object({ Config: z.object({ Env: z.array(z.string()).nullish() }) });

/** A container that takes the place of another until the next update makes one that its state knows. */
export interface StandIn {
  readonly name: string;
  /** The container whose environment, network and limits it has. */
  readonly like: string;
  readonly imageId: string;
  readonly version: string;
}

/** Created and not started. Its environment goes over standard input and the client's own, never on a command line. */
export async function createStandIn(docker: DockerClient, { name, like, imageId, version }: StandIn): Promise<void> {
  const found = model.parse(await docker.inspect(like));
  const labels = { ...found.Config.Labels, [`${LABEL}.version`]: version };
  const { Memory: memory, NanoCpus: nanoCpus } = found.HostConfig;
  const [network] = Object.keys(found.NetworkSettings.Networks);
  const options = [
    "--pull=never",
    `--name=${name}`,
    ...(network === undefined ? [] : [`--network=${network}`]),
    ...Object.entries(labels).map(([key, value]) => `--label=${key}=${value}`),
    "--restart=unless-stopped",
    "--log-opt=max-size=10m",
    "--log-opt=max-file=3",
    "--cap-drop=ALL",
    "--security-opt=no-new-privileges",
    `--stop-timeout=${found.Config.StopTimeout ?? 10}`,
    ...(memory > 0 ? [`--memory=${memory}`, `--memory-swap=${memory}`] : []),
    ...(nanoCpus > 0 ? [`--cpus=${nanoCpus / 1e9}`] : []),
  ];
  const entries = await ownEntries(docker, found, imageId);
  const [long, short] = [true, false].map((wanted) => entries.filter((entry) => /[\r\n]/.test(entry) === wanted));
  // A file cannot hold a value of several lines (a key, a certificate); the client's own environment can.
  const environment = environmentOf(long ?? []);
  const variables = Object.keys(environment).map((variable) => `--env=${variable}`);
  const creation = new Execution(docker, ["create", ...options, "--env-file=/dev/stdin", ...variables, imageId], {
    environment,
    piped: true,
  });
  creation.write((short ?? []).join("\n"));
  creation.close();
  const { exitCode, stderr } = await creation.ended;
  if (exitCode !== 0) throw new Refusal(`a container of ${version} cannot be made: ${stderr}`);
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

/** Killed and not asked: it has served nobody, or nobody any more. One that is gone is no error. */
export async function removeStandIn(docker: DockerClient, name: string): Promise<void> {
  await unlessGone(docker.run(["rm", "--force", "--volumes", name]), REMOVED);
}
