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

/** Prints the migrations in the image, if any, as JSON; the image has Node, and is not known to have anything else. */
const READ_MIGRATIONS = `
  const { existsSync, readdirSync, readFileSync, statSync } = require("node:fs");
  const all = existsSync("migrations") ? readdirSync("migrations") : [];
  const files = all.filter((file) => file.endsWith(".sql")).sort();
  const odd = files.find((file) => !statSync("migrations/" + file).isFile() || statSync("migrations/" + file).size > ${LARGEST_MIGRATION});
  if (odd !== undefined) {
    console.error("migrations/" + odd + " in it is no file, or has more than ${LARGEST_MIGRATION} bytes");
    process.exit(1);
  }
  console.log(JSON.stringify(files.map((file) => ({ file, sql: readFileSync("migrations/" + file, "utf8") }))));`;

/** An image whose node never ends holds up no preview. */
const READ_SECONDS = 60;

const migrationFiles = z.array(z.object({ file: z.string(), sql: z.string() }));

/** Of `docker image inspect`, what a plan needs. */
export interface ImageInspection {
  readonly Id: string;
  /** ISO 8601. */
  readonly Created?: string;
  readonly Config: DataImage & { readonly Labels?: Record<string, string> | null; readonly User?: string };
  readonly RepoDigests?: string[] | null;
}

/** Fetches the image unless it is on the host. Gives the reason when it cannot be had. */
export async function fetchImage(docker: DockerClient, reference: string): Promise<ImageInspection | string> {
  const present = (await docker.inspect(reference, "image")) as ImageInspection | undefined;
  if (present !== undefined) return present;
  const pulled = docker.run(["pull", "--quiet", reference]).then(() => undefined);
  const fault = await onDockerError(pulled, ({ stderr }) => stderr.trim());
  return fault ?? ((await docker.inspect(reference, "image")) as ImageInspection);
}

/** The same of several, by their references: where all are on the host, as mostly, one question brings them. */
export async function fetchImages(
  docker: DockerClient,
  references: readonly string[],
): Promise<Map<string, ImageInspection | string>> {
  const present = (await docker.inspectAll(references, "image")) as ImageInspection[];
  // Docker answers in the order in which it is asked, and leaves out what is not there.
  const all = present.length === references.length ? present : [];
  const fetched = new Map<string, ImageInspection | string>();
  for (const [index, reference] of references.entries())
    fetched.set(reference, all[index] ?? (await fetchImage(docker, reference)));
  return fetched;
}

/** The target before its migrations have been read: which of them a plan asks for is known later. */
export interface Target extends TargetFacts {
  readonly migrations: readonly MigrationFile[];
}

/**
 * What the release brings: its migrations, read out of the image itself, in a container without a network. Gives the
 * reason where that container cannot be run (an image without Node, of another processor, a full disk).
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

/** Files of the migrations in an image that is on the host; undefined where they cannot be read. */
export async function migrationsIn(docker: DockerClient, image: string): Promise<string[] | undefined> {
  const migrations = await readMigrations(docker, image);
  return typeof migrations === "string" ? undefined : migrations.map(({ file }) => file);
}

/**
 * By the image's id, which is of its content: what was once read on a host is not read again, because running a container
 * takes half of the time of a preview. Another host may have another processor, which cannot run it.
 */
function readMigrations(docker: DockerClient, image: string): Promise<MigrationFile[] | string> {
  return remembered([docker.host, image, READ_MIGRATIONS], migrationFiles, () => printedMigrations(docker, image));
}

async function printedMigrations(docker: DockerClient, image: string): Promise<MigrationFile[] | string> {
  const looked = look(docker, ["--entrypoint=node", image, "-e", READ_MIGRATIONS], READ_SECONDS).then((printed) => {
    const read = migrationFiles.safeParse(parseJson(printed));
    return read.success ? read.data : "what node prints in it is no list of migrations";
  });
  return onDockerError(
    looked,
    ({ stderr, exitCode }) => stderr.trim() || `node exits with code ${exitCode ?? "unknown"}`,
  );
}

/** The official images and those built on them tell their major in PG_MAJOR. */
export function majorOf({ Config: { Env: environment } }: ImageInspection): number | undefined {
  const major = (environment ?? []).find((entry) => entry.startsWith("PG_MAJOR="))?.slice("PG_MAJOR=".length);
  return major === undefined ? undefined : Number(major);
}
