import { z } from "zod";
import type { DockerClient } from "./client";

const inspected = z.array(z.object({ Id: z.string(), RepoDigests: z.array(z.string()).nullish() }));

/** Gives the registry digests of images, by id: another Docker host, or another image store, has the same digests. */
export async function imageDigests(docker: DockerClient, ids: readonly string[]): Promise<Record<string, string[]>> {
  const found = inspected.parse(await docker.inspectAll([...new Set(ids)], "image"));
  return Object.fromEntries(found.map(({ Id, RepoDigests }) => [Id, RepoDigests ?? []]));
}
