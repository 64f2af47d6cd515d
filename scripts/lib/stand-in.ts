import { z } from "zod";
import type { DockerClient } from "../../components/docker/client";
import { LABEL } from "../../components/docker/labels";
import { complaint } from "./database";
import { Execution } from "./execution";
import { Refusal } from "./run";

const model = z.object({
  Image: z.string(),
  Config: z.object({ Env: z.array(z.string()).nullish(), Labels: z.record(z.string(), z.string()) }),
  HostConfig: z.object({ Memory: z.number(), NanoCpus: z.number() }),
  NetworkSettings: z.object({ Networks: z.record(z.string(), z.unknown()) }),
});
const image = z.object({ Config: z.object({ Env: z.array(z.string()).nullish() }) });

/** A container that takes the place of another until the next update makes one that its state knows. */
export interface StandIn {
  readonly name: string;
  /** The container whose environment, network and limits it has. */
  readonly like: string;
  readonly imageId: string;
  readonly version: string;
}

/** Created and not started. The environment goes by the client's own, never on a command line. */
export async function createStandIn(docker: DockerClient, { name, like, imageId, version }: StandIn): Promise<void> {
  const found = model.parse(await docker.inspect(like));
  const standard = image.parse(await docker.inspect(found.Image, "image")).Config.Env ?? [];
  const own = (found.Config.Env ?? []).filter((entry) => !standard.includes(entry));
  const environment = Object.fromEntries(own.map((entry) => entry.split(/=(.*)/s) as [string, string]));
  const labels = { ...found.Config.Labels, [`${LABEL}.version`]: version };
  const { Memory: memory, NanoCpus: nanoCpus } = found.HostConfig;
  const { exitCode, stderr } = await new Execution(
    docker,
    [
      "create",
      "--pull=never",
      `--name=${name}`,
      ...Object.keys(found.NetworkSettings.Networks)
        .slice(0, 1)
        .map((network) => `--network=${network}`),
      ...Object.entries(labels).map(([key, value]) => `--label=${key}=${value}`),
      "--restart=unless-stopped",
      "--log-opt=max-size=10m",
      "--log-opt=max-file=3",
      "--cap-drop=ALL",
      "--security-opt=no-new-privileges",
      ...(memory > 0 ? [`--memory=${memory}`, `--memory-swap=${memory}`] : []),
      ...(nanoCpus > 0 ? [`--cpus=${nanoCpus / 1e9}`] : []),
      ...Object.keys(environment).map((variable) => `--env=${variable}`),
      imageId,
    ],
    { environment },
  ).ended;
  if (exitCode !== 0) throw new Refusal(`a container of ${version} cannot be made: ${stderr}`);
}

/** Killed and not asked: it has served nobody, or nobody any more. One that is gone is no error. */
export async function removeStandIn(docker: DockerClient, name: string): Promise<void> {
  await docker.run(["rm", "--force", "--volumes", name]).catch((error: unknown) => {
    if (!/no such container|already in progress/i.test(complaint(error))) throw error;
  });
}
