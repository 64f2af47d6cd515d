import { z } from "zod";
import type { DockerClient } from "./docker/client";
import { onDockerError } from "./docker/errors";
import { parseJson } from "../release/records/json";
import { LABELS } from "../release/names";
import type { DataImage } from "../release/data-mount";
import type { MigrationFile, TargetFacts } from "../release/facts";
import { look } from "./docker/look";
import { remembered } from "./remembered";
import { LARGEST_MIGRATION } from "./source";

/** JavaScript for the image's Node: prints the migrations in the image, if any, as JSON. The image may lack a shell. */
const READ_MIGRATIONS = `
  const { existsSync, readdirSync, readFileSync, statSync } = require("node:fs");
  const all = existsSync("migrations") ? readdirSync("migrations") : [];
  const files = all.filter((file) => file.endsWith(".sql")).sort();
  const odd = files.find((file) => !statSync("migrations/" + file).isFile() || statSync("migrations/" + file).size > ${LARGEST_MIGRATION});
  if (odd !== undefined) {
    console.error("migrations/" + odd + " in it is not a file, or has more than ${LARGEST_MIGRATION} bytes");
    process.exit(1);
  }
  console.log(JSON.stringify(files.map((file) => ({ file, sql: readFileSync("migrations/" + file, "utf8") }))));`;

/** Limits the time of a preview whose image has a node that never ends. */
const READ_SECONDS = 60;

const migrationFiles = z.array(z.object({ file: z.string(), sql: z.string() }));

/** The part of `docker image inspect` that a plan needs. */
export interface ImageInspection {
  readonly Id: string;
  /** ISO 8601. */
  readonly Created?: string;
  readonly Config: DataImage & { readonly Labels?: Record<string, string> | null; readonly User?: string };
  readonly RepoDigests?: string[] | null;
}

/** Pulls the image unless it is on the Docker host. Gives the reason when it cannot be pulled. */
export async function fetchImage(docker: DockerClient, reference: string): Promise<ImageInspection | string> {
  const present = (await docker.inspect(reference, "image")) as ImageInspection | undefined;
  if (present !== undefined) return present;
  const pulled = docker.run(["pull", "--quiet", reference]).then(() => undefined);
  const fault = await onDockerError(pulled, ({ stderr }) => stderr.trim());
  return fault ?? ((await docker.inspect(reference, "image")) as ImageInspection);
}

/** Does the same for several images, by reference. In most cases all are on the host, and one command finds them. */
export async function fetchImages(
  docker: DockerClient,
  references: readonly string[],
): Promise<Map<string, ImageInspection | string>> {
  const present = (await docker.inspectAll(references, "image")) as ImageInspection[];
  // Docker answers in the order of the command, and leaves out images that do not exist.
  const all = present.length === references.length ? present : [];
  const fetched = new Map<string, ImageInspection | string>();
  for (const [index, reference] of references.entries())
    fetched.set(reference, all[index] ?? (await fetchImage(docker, reference)));
  return fetched;
}

/** The target release, before the statements of its migrations are read: the plan later decides which ones it needs. */
export interface Target extends TargetFacts {
  readonly migrations: readonly MigrationFile[];
}

/**
 * Inspects a release, and reads its migrations out of the image, in a container without a network. Gives the reason
 * where that container cannot run (an image without Node, or for another processor; a full disk).
 */
export async function inspectTarget(
  docker: DockerClient,
  api: ImageInspection,
  postgres: ImageInspection | undefined,
): Promise<Target | string> {
  const migrations = await readMigrations(docker, api.Id);
  if (typeof migrations === "string") return migrations;
  return {
    imageId: api.Id,
    digests: api.RepoDigests ?? [],
    migrations,
    postgresMajor: postgres && majorOf(postgres),
    requiredStops: (api.Config.Labels?.[LABELS.requiredStops] ?? "")
      .split(",")
      .map((stop) => stop.trim())
      .filter(Boolean),
  };
}

/** Names the migrations in an image that is on the host; undefined where they cannot be read. */
export async function migrationsIn(docker: DockerClient, image: string): Promise<string[] | undefined> {
  const migrations = await readMigrations(docker, image);
  return typeof migrations === "string" ? undefined : migrations.map(({ file }) => file);
}

/**
 * Reads the migrations once for each image id, which depends on the content alone: running a container takes half of
 * the time of a preview. Each host counts by itself, because its processor may not be able to run the image.
 */
function readMigrations(docker: DockerClient, image: string): Promise<MigrationFile[] | string> {
  return remembered([docker.host, image, READ_MIGRATIONS], migrationFiles, () => printedMigrations(docker, image));
}

async function printedMigrations(docker: DockerClient, image: string): Promise<MigrationFile[] | string> {
  const looked = look(docker, ["--entrypoint=node", image, "-e", READ_MIGRATIONS], READ_SECONDS).then((printed) => {
    const read = migrationFiles.safeParse(parseJson(printed));
    return read.success ? read.data : "node, run in the image, does not print a list of migrations";
  });
  return onDockerError(
    looked,
    ({ stderr, exitCode }) => stderr.trim() || `node exits with code ${exitCode ?? "unknown"}`,
  );
}

/** Reads PG_MAJOR, which the official images, and those that are built on them, set. */
export function majorOf({ Config: { Env: environment } }: ImageInspection): number | undefined {
  const major = (environment ?? []).find((entry) => entry.startsWith("PG_MAJOR="))?.slice("PG_MAJOR=".length);
  return major === undefined ? undefined : Number(major);
}
