import { z } from "zod";
import type { DockerClient } from "./docker/client";
import { isolates } from "./docker/isolation";
import { dataMountOf } from "../release/data-mount";
import type { LimitSupport } from "../release/containers/limits";
import { isPinned } from "../release/records/image-identity";
import { unexplained } from "../release/explanation";
import { imageReferences } from "../release/images";
import { namesOf } from "../release/names";
import type { LastUpdate } from "../release/plan-context";
import type { SecretValues } from "../release/secrets";
import { Routing, whoServes } from "./routing/routing";
import type { Settings } from "../settings/schema";
import { onDockerError, unlessDockerFails } from "./docker/errors";
import { hostTime } from "./docker/clock";
import { backupDirectoryFault } from "./backups/directory";
import { backupPlace } from "./backups/place";
import { containersOf } from "./docker/containers";
import { inspectDataVolume } from "./database/data-volume";
import { inspectDatabase } from "./database/inspect";
import type { DatabaseFacts, HostFacts, RunningContainer } from "../release/facts";
import { digestsRunning, namedImages } from "./docker/named-images";
import { otherImages } from "./docker/other-images";
import { limitSupport } from "./docker/limit-support";
import { portsTaken } from "./docker/ports";
import { rejectedParameters } from "./database/parameters";
import { roleOfPassword, takesAnyPassword } from "./database/password";
import { withReadings } from "./readings";
import { inspectRestore } from "./restore-facts";
import { changedSecrets } from "./secrets";
import { migrationsOf, SourceError, withCheckout } from "./source";
import { readHistory } from "./backups/history";
import { Store } from "./backups/store";
import { Database } from "./database/database";
import { fetchImages, type ImageInspection, inspectTarget, majorOf, migrationsIn, type Target } from "./target";

/** How far an inspection may go. A preview also shows changes that no operator has approved yet. */
interface Trust {
  /** True in an update: a backup directory is then tested by writing to it. */
  readonly update: boolean;
  /**
   * True in an update, and where the last update used the same Docker host: the password may be sent there to test it.
   */
  readonly host: boolean;
}

/** The stack that is inspected, and what is known about it already. */
interface Subject {
  readonly docker: DockerClient;
  readonly stack: string;
  readonly settings: Settings;
  readonly secrets: SecretValues;
  readonly last: LastUpdate;
  readonly trust: Trust;
}

/**
 * Inspects the Docker host. It changes nothing that runs. It leaves only the images of the release behind: the plan
 * reads them, and the update need not wait for them. A fact that cannot be read at the moment (a database that starts,
 * a container that is removed) is unknown; the inspection does not fail.
 */
export async function inspectHost(subject: Subject): Promise<HostFacts> {
  const { docker, stack, settings, secrets, last, trust } = subject;
  const containers = await containersOf(docker, stack);
  const running = (role: string) => containers.find((container) => container.role === role && container.running);
  const isPostgres = ({ role }: RunningContainer) => role === "postgres";
  const databases = containers.filter(isPostgres).map((container) => container.name);
  const volume = settings.postgres.existingVolume ?? namesOf(stack).volumes.postgres;
  const postgres = running("postgres");
  const live = postgres && new Database(docker, postgres.name);
  const caddy = running("caddy");
  const [serving, looked, contents, history, passwordOf, passwordNotAsked, release, dataVolume, place] =
    await Promise.all([
      caddy && unlessDockerFails(servingApi(docker, caddy, containers), undefined),
      postgres && lookInto(docker, postgres.name),
      live && unlessDockerFails(new Store(live).list(), undefined),
      live && unlessDockerFails(readHistory(live), undefined),
      postgres && trust.host ? unlessDockerFails(whosePassword(docker, postgres.name, secrets), undefined) : undefined,
      postgres && settings.postgres.existingVolume !== undefined
        ? unlessDockerFails(takesAnyPassword(docker, postgres.name), undefined)
        : undefined,
      inspectRelease(subject, containers),
      unlessDockerFails(inspectDataVolume(docker, volume, databases), undefined),
      unlessDockerFails(backupPlace(docker, databases), undefined),
    ]);
  const database = looked === NO_SUPERUSER ? undefined : looked;
  const { backups, future, broken, unsigned } = contents ?? { backups: [], future: [], broken: [], unsigned: [] };
  const known = { serving, database, backups, future, broken, history };
  const facts: HostFacts = {
    containers,
    ...known,
    unsigned,
    superuserMissing: looked === NO_SUPERUSER,
    ...(postgres && (await inspectRestore(docker, { postgres: postgres.name, settings, known, last }))),
    passwordRejected: passwordOf === null,
    passwordOf: passwordOf ?? undefined,
    passwordNotAsked,
    secretsChanged: serving && (await unlessDockerFails(changedSecrets(docker, serving.id, secrets), undefined)),
    backupPlace: place,
    ...release,
    servingMigrations: await servingMigrations(docker, { ...known, target: release.target }),
    // After the images are fetched: where this process has another network, a container of the postgres image looks.
    portsTaken: await unlessDockerFails(takenPorts(docker, settings, caddy), []),
    dataVolume,
    // After the images are fetched: where there is no database yet, its postgres image tests the directory.
    backupDirectory: await unusableDirectory(subject, postgres ?? containers.find(isPostgres)),
    limits: await limitsIn(docker, settings),
    isolates: await unlessDockerFails(isolates(docker), undefined),
    clock: contents?.clock ?? (await inSeconds(hostTime(docker))),
  };
  const { target } = release;
  if (target === undefined) return facts;
  return {
    ...facts,
    target: { ...target, migrations: await withReadings(target.migrations, facts, settings.restore) },
  };
}

const NO_SUPERUSER = "no superuser";

/** Our sessions set a parameter that only a superuser may set, so the server reports a missing superuser first. */
async function lookInto(
  docker: DockerClient,
  postgres: string,
): Promise<DatabaseFacts | typeof NO_SUPERUSER | undefined> {
  return onDockerError(inspectDatabase(docker, postgres), ({ stderr }) =>
    stderr.includes("permission denied to set parameter") ? NO_SUPERUSER : undefined,
  );
}

/** Runs a container, so it is done only where the history does not explain every applied migration. */
async function servingMigrations(docker: DockerClient, known: Parameters<typeof unexplained>[0]) {
  const { serving } = known;
  return serving === undefined || unexplained(known).length === 0 ? undefined : migrationsIn(docker, serving.imageId);
}

async function limitsIn(docker: DockerClient, { postgres, resources }: Settings): Promise<LimitSupport | undefined> {
  const limited = [postgres, ...Object.values(resources)].some(
    ({ memory, cpus }) => memory !== undefined || cpus !== undefined,
  );
  return limited ? unlessDockerFails(limitSupport(docker), undefined) : undefined;
}

async function takenPorts(docker: DockerClient, { http, images }: Settings, caddy: RunningContainer | undefined) {
  return portsTaken(docker, {
    published: http,
    ours: await publishedPorts(docker, caddy?.name),
    image: images.postgres,
  });
}

/** A password that is neither configured nor generated cannot be that of a running database. */
async function whosePassword(docker: DockerClient, postgres: string, { postgresPassword }: SecretValues) {
  return postgresPassword === undefined ? null : roleOfPassword(docker, postgres, postgresPassword);
}

async function unusableDirectory({ docker, settings, trust }: Subject, postgres: RunningContainer | undefined) {
  const { backups, images } = settings;
  const { directory: path } = backups;
  if (path === undefined) return undefined;
  const fault = await unlessDockerFails(
    backupDirectoryFault(docker, path, { postgres, image: images.postgres, writes: trust.update }),
    undefined,
  );
  return fault === undefined ? undefined : { path, fault };
}

async function servingApi(
  docker: DockerClient,
  caddy: RunningContainer,
  containers: readonly RunningContainer[],
): Promise<RunningContainer | undefined> {
  const { api } = whoServes(await Routing.of(docker, caddy.name).state());
  return containers.find(({ name }) => name === api);
}

async function publishedPorts(docker: DockerClient, caddy: string | undefined): Promise<number[]> {
  const inspected = caddy === undefined ? undefined : await unlessDockerFails(docker.inspect(caddy), undefined);
  const ports = published.safeParse(inspected).data?.NetworkSettings.Ports ?? {};
  return Object.values(ports).flatMap((bindings) => (bindings ?? []).map(({ HostPort }) => Number(HostPort)));
}

const published = z.object({
  NetworkSettings: z.object({
    Ports: z.record(z.string(), z.array(z.object({ HostPort: z.string() })).nullable()).nullish(),
  }),
});

type Release = { readonly target?: Target | undefined } & Pick<
  HostFacts,
  | "targetMissing"
  | "sourceFault"
  | "targetUnreadable"
  | "images"
  | "digestsRunning"
  | "imagesMissing"
  | "otherImages"
  | "dataMount"
  | "parametersRejected"
>;

async function inspectRelease(
  { docker, stack, settings }: Subject,
  containers: readonly RunningContainer[],
): Promise<Release> {
  const references = imageReferences(settings, stack);
  const built = settings.source === undefined ? [] : [references.api, references.console];
  const wanted = [...new Set(Object.values<string>({ ...references }))].filter(
    (reference) => !built.includes(reference),
  );
  const fetched = await fetchImages(docker, wanted);
  const missing = [...fetched].flatMap(([reference, image]) =>
    typeof image === "string" ? [{ reference, reason: image }] : [],
  );
  const postgres = imageOf(fetched.get(references.postgres));
  const images = namedImages(references, fetched);
  const own = {
    images,
    digestsRunning: await digestsRunning(docker, containers, images),
    ...(postgres && { dataMount: dataMountOf(postgres.Config) }),
    otherImages: await otherImages(docker, { containers, references, fetched }),
    ...(postgres && {
      parametersRejected: await unlessDockerFails(
        rejectedParameters(docker, postgres.Id, newParameters(settings, containers, postgres.Id)),
        undefined,
      ),
    }),
  };
  if (settings.source !== undefined)
    return { ...own, ...(await inspectSource(settings, postgres)), imagesMissing: missing };
  const api = fetched.get(references.api);
  const others = missing.filter(({ reference }) => reference !== references.api);
  if (api === undefined || typeof api === "string")
    return { ...own, targetMissing: `${references.api}: ${api ?? ""}`, imagesMissing: others };
  const { api: pin } = settings.images.digests;
  // The image's own Node reads its migrations. An image that the plan will refuse is not run.
  if (pin !== undefined && images.api && !isPinned(pin, images.api)) return { ...own, imagesMissing: others };
  const target = await inspectTarget(docker, api, postgres);
  return { ...own, ...(typeof target === "string" ? { targetUnreadable: target } : { target }), imagesMissing: others };
}

/** The parameters with which no server of this image runs already. */
function newParameters(
  { postgres }: Settings,
  containers: readonly RunningContainer[],
  imageId: string,
): Record<string, string> {
  const running = containers.find((one) => one.role === "postgres" && one.running && one.imageId === imageId);
  const entries = Object.entries(postgres.parameters);
  return Object.fromEntries(entries.filter(([name, value]) => running?.parameters?.[name] !== value));
}

function imageOf(image: ImageInspection | string | undefined): ImageInspection | undefined {
  return typeof image === "string" ? undefined : image;
}

/**
 * Inspects a release that is built from source. It has no image before the update, so its source gives the migrations.
 */
async function inspectSource(
  { source = "", version }: Settings,
  postgres: ImageInspection | undefined,
): Promise<Pick<Release, "target" | "sourceFault">> {
  try {
    const migrations = await withCheckout(source, `v${version.tag}`, migrationsOf);
    const postgresMajor = postgres && majorOf(postgres);
    const target: Target = { imageId: "", migrations, requiredStops: [], postgresMajor };
    return { target };
  } catch (error) {
    if (error instanceof SourceError) return { sourceFault: error.fault };
    throw error;
  }
}

async function inSeconds(milliseconds: Promise<number | undefined>): Promise<number | undefined> {
  const known = await milliseconds;
  return known === undefined ? undefined : Math.floor(known / 1000);
}
