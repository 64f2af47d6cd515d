import type { DockerClient } from "../docker/client";
import { imageReferences } from "../release/images";
import { BEFORE, NOBODY, pointer } from "../services/upstream";
import type { Settings } from "../settings/schema";
import { answerOr } from "./answer";
import { backupDirectoryFault } from "./backup-directory";
import { containersOf } from "./containers";
import { inspectDataVolume } from "./data-volume";
import { inspectDatabase } from "./database";
import type { HostFacts, RunningContainer, TargetFacts } from "./facts";
import { portsTaken } from "./ports";
import { rejectsPassword } from "./password";
import { inspectRestore } from "./restore";
import { migrationsOf, SourceError, withCheckout } from "./source";
import { readHistory, readManifests } from "./store";
import { fetchImage, type ImageInspection, inspectTarget } from "./target";

/**
 * What the Docker host looks like now. Changes nothing that runs; the one thing it leaves behind are the images of the
 * release, fetched so that the plan can be read out of them and the update does not wait for them.
 * What cannot be asked just now (a database that starts, a container that goes) is not known, and no failure.
 */
export async function inspectHost(
  docker: DockerClient,
  name: string,
  stack: string,
  settings: Settings,
): Promise<HostFacts> {
  const containers = await containersOf(docker, stack);
  const running = (role: string) => containers.find((container) => container.role === role && container.running);
  const databases = containers.filter(({ role }) => role === "postgres").map((container) => container.name);
  const volume = settings.postgres.existingVolume ?? `${name}-postgres`;
  const postgres = running("postgres");
  const caddy = running("caddy");
  const [serving, database, backups, history, passwordRejected, release, ports, dataVolume] = await Promise.all([
    caddy && answerOr(servingApi(docker, caddy, containers), undefined),
    postgres && answerOr(inspectDatabase(docker, postgres.name), undefined),
    postgres ? answerOr(readManifests(docker, postgres.name), []) : [],
    postgres && answerOr(readHistory(docker, postgres.name), undefined),
    postgres && answerOr(passwordFault(docker, postgres.name, settings), undefined),
    inspectRelease(docker, name, settings),
    portsTaken(settings.http, settings.dockerHost, caddy ? await answerOr(publishedPorts(docker, caddy.name), []) : []),
    answerOr(inspectDataVolume(docker, volume, databases), undefined),
  ]);
  const known = { serving, database, backups, history };
  return {
    containers,
    ...known,
    ...(postgres && (await inspectRestore(docker, postgres.name, settings, known))),
    passwordRejected,
    ...release,
    portsTaken: ports,
    dataVolume,
    // Once the release is fetched: the directory is tried with its postgres image.
    backupDirectory: await unusableDirectory(docker, settings, postgres?.name ?? databases[0]),
    clock: Math.floor(Date.now() / 1000),
  };
}

/** A password that was generated is the one that the database was made with. */
async function passwordFault(docker: DockerClient, postgres: string, { secrets }: Settings) {
  const { postgresPassword } = secrets;
  return postgresPassword === undefined ? undefined : rejectsPassword(docker, postgres, postgresPassword);
}

async function unusableDirectory(docker: DockerClient, { backups, images }: Settings, postgres: string | undefined) {
  const { directory: path } = backups;
  if (path === undefined) return undefined;
  const fault = await answerOr(backupDirectoryFault(docker, path, postgres, images.postgres), undefined);
  return fault === undefined ? undefined : { path, fault };
}

/** While a cutover has not been judged, the release from before is the one that serves. */
async function servingApi(
  docker: DockerClient,
  caddy: RunningContainer,
  containers: readonly RunningContainer[],
): Promise<RunningContainer | undefined> {
  const read = `if [ -f ${BEFORE} ]; then head -n 1 ${BEFORE}; else cat ${pointer("api")}; fi`;
  const name = (await docker.run(["exec", caddy.name, "sh", "-c", read])).trim();
  return name === NOBODY ? undefined : containers.find((container) => container.name === name);
}

async function publishedPorts(docker: DockerClient, caddy: string): Promise<number[]> {
  const ports = await docker.run(["port", caddy]);
  return [...ports.matchAll(/:(\d+)$/gm)].map(([, port]) => Number(port));
}

type Release = Pick<HostFacts, "target" | "targetMissing" | "imagesMissing">;

async function inspectRelease(docker: DockerClient, name: string, settings: Settings): Promise<Release> {
  const references = imageReferences(settings, name);
  const built = settings.source === undefined ? [] : [references.api, references.console];
  const wanted = [...new Set(Object.values<string>({ ...references }))].filter(
    (reference) => !built.includes(reference),
  );
  const fetched = new Map<string, ImageInspection | string>();
  for (const reference of wanted) fetched.set(reference, await fetchImage(docker, reference));
  const missing = [...fetched].flatMap(([reference, image]) =>
    typeof image === "string" ? [{ reference, reason: image }] : [],
  );
  const postgres = imageOf(fetched.get(references.postgres));
  if (settings.source !== undefined) return { ...(await inspectSource(settings)), imagesMissing: missing };
  const api = fetched.get(references.api);
  const others = missing.filter(({ reference }) => reference !== references.api);
  if (api === undefined || typeof api === "string")
    return { targetMissing: `${references.api}: ${api ?? ""}`, imagesMissing: others };
  return { target: await inspectTarget(docker, api, postgres), imagesMissing: others };
}

function imageOf(image: ImageInspection | string | undefined): ImageInspection | undefined {
  return typeof image === "string" ? undefined : image;
}

/** A release that is built has no image before the update; its source has the migrations. */
async function inspectSource({ source = "", version }: Settings): Promise<Pick<Release, "target" | "targetMissing">> {
  try {
    const migrations = await withCheckout(source, `v${version.tag}`, migrationsOf);
    const target: TargetFacts = { imageId: "", migrations, requiredStops: [] };
    return { target };
  } catch (error) {
    if (error instanceof SourceError) return { targetMissing: error.message };
    throw error;
  }
}
