import type { DockerClient } from "../docker/client";
import { LABEL } from "../docker/labels";
import type { RunningContainer } from "./facts";

/** The containers of a stack, running or not, found by their labels. One that goes meanwhile is none of them. */
export async function containersOf(docker: DockerClient, stack: string): Promise<RunningContainer[]> {
  const format = `{{.ID}}\t{{.Names}}\t{{.Label "${LABEL}.role"}}\t{{.Label "${LABEL}.version"}}\t{{.State}}`;
  const filter = `label=${LABEL}.stack=${stack}`;
  const listed = await docker.run(["ps", "--all", "--no-trunc", "--filter", filter, "--format", format]);
  const rows = listed
    .trim()
    .split("\n")
    .filter(Boolean)
    .map((line) => line.split("\t"));
  const images = await imagesOf(
    docker,
    rows.map(([id = ""]) => id),
  );
  return rows.flatMap(([id = "", name = "", role = "", version = "", state = ""]) => {
    const imageId = images.get(id);
    return imageId === undefined ? [] : [{ id, name, role, version, imageId, state, running: state === "running" }];
  });
}

/** Runs, or will by itself: one that dies and is started again by its policy is `restarting` in between. */
export function isUp({ state }: RunningContainer): boolean {
  return !["exited", "created", "dead"].includes(state);
}

/** By id of the container. */
async function imagesOf(docker: DockerClient, ids: readonly string[]): Promise<Map<string, string>> {
  const inspected = (await docker.inspectAll(ids)) as { Id: string; Image: string }[];
  return new Map(inspected.map(({ Id, Image }) => [Id, Image]));
}
