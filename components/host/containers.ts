import type { DockerClient } from "../docker/client";
import { LABEL } from "../docker/labels";
import type { RunningContainer } from "./facts";

/** The containers of a stack, running or not, found by their labels. */
export async function containersOf(docker: DockerClient, stack: string): Promise<RunningContainer[]> {
  const format = `{{.Names}}\t{{.Label "${LABEL}.role"}}\t{{.Label "${LABEL}.version"}}\t{{.State}}`;
  const listed = await docker.run(["ps", "--all", "--filter", `label=${LABEL}.stack=${stack}`, "--format", format]);
  const rows = listed
    .trim()
    .split("\n")
    .filter(Boolean)
    .map((line) => line.split("\t"));
  if (rows.length === 0) return [];
  const images = await docker.run(["inspect", "--format", "{{.Image}}", ...rows.map(([name = ""]) => name)]);
  const imageIds = images.trim().split("\n");
  return rows.map(([name = "", role = "", version = "", state], index) => ({
    name,
    role,
    version,
    imageId: imageIds[index] ?? "",
    running: state === "running",
  }));
}
