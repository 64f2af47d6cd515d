import { z } from "zod";
import type { DockerClient } from "./client";
import type { LimitSupport } from "../../release/containers/limits";
import { parseJson } from "../../release/records/json";

const info = z.object({ MemoryLimit: z.boolean(), SwapLimit: z.boolean(), CpuCfsQuota: z.boolean() });

/** Says what the kernel of the Docker host can limit; undefined when Docker does not say. */
export async function limitSupport(docker: DockerClient): Promise<LimitSupport | undefined> {
  const answer = info.safeParse(parseJson(await docker.run(["info", "--format", "{{json .}}"])));
  if (!answer.success) return undefined;
  const { MemoryLimit: memory, SwapLimit: swap, CpuCfsQuota: cpus } = answer.data;
  return { memory, swap, cpus };
}
