import { type DockerClient, DockerError } from "../docker/client";
import { LOW_WEIGHT } from "../docker/weight";
import type { MigrationFile, TargetFacts } from "./facts";

/** Prints the migrations in the image, if any, as JSON; the image has Node, and is not known to have anything else. */
const READ_MIGRATIONS = `
  const { existsSync, readdirSync, readFileSync } = require("node:fs");
  const all = existsSync("migrations") ? readdirSync("migrations") : [];
  const files = all.filter((file) => file.endsWith(".sql")).sort();
  console.log(JSON.stringify(files.map((file) => ({ file, sql: readFileSync("migrations/" + file, "utf8") }))));`;

const STOPS = "org.nestfleet.required-stops";

/** Of `docker image inspect`, what a plan needs. */
export interface ImageInspection {
  readonly Id: string;
  readonly Config: { readonly Labels?: Record<string, string> | null; readonly Env?: string[] | null };
}

/** Fetches the image unless it is on the host. Gives the reason when it cannot be had. */
export async function fetchImage(docker: DockerClient, reference: string): Promise<ImageInspection | string> {
  const present = (await docker.inspect(reference, "image")) as ImageInspection | undefined;
  if (present !== undefined) return present;
  try {
    await docker.run(["pull", "--quiet", reference]);
  } catch (error) {
    if (error instanceof DockerError) return error.stderr.trim();
    throw error;
  }
  return (await docker.inspect(reference, "image")) as ImageInspection;
}

/** What the release brings: its migrations, read out of the image itself, in a container without a network. */
export async function inspectTarget(
  docker: DockerClient,
  api: ImageInspection,
  postgres: ImageInspection | undefined,
): Promise<TargetFacts> {
  const isolated = ["run", "--rm", "--network=none", LOW_WEIGHT];
  const read = [...isolated, "--entrypoint=node", api.Id, "-e", READ_MIGRATIONS];
  return {
    imageId: api.Id,
    migrations: JSON.parse(await docker.run(read)) as MigrationFile[],
    postgresMajor: postgres && majorOf(postgres),
    requiredStops: (api.Config.Labels?.[STOPS] ?? "")
      .split(",")
      .map((stop) => stop.trim())
      .filter(Boolean),
  };
}

/** The official images and those built on them tell their major in PG_MAJOR. */
function majorOf({ Config: { Env: environment } }: ImageInspection): number | undefined {
  const major = (environment ?? []).find((entry) => entry.startsWith("PG_MAJOR="))?.slice("PG_MAJOR=".length);
  return major === undefined ? undefined : Number(major);
}
