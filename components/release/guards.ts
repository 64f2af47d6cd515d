import semver from "semver";
import { newestBackup } from "./backups";
import { configRmPath, configSet, configSetPath, configSetSecret, stay, up } from "./commands";
import type { DiskNeed } from "./estimate";
import { imageReferences } from "./images";
import type { Problem } from "./problem";
import type { ReplacedDatabase } from "./replaced";
import { restoreUnusable, rollbackUndone, schemaAhead, servingUnknown } from "./restore-guards";
import type { Situation } from "./situation";
import { crossesMajor } from "./strategy";
import { size } from "./units";

const EXISTING_VOLUME = "postgres.existingVolume";

/** One reason to refuse an update; undefined when it does not apply, or when the facts that it needs are not known. */
type Guard = (situation: Situation) => Problem | undefined;

/** Every problem at once, the most fundamental first. */
export function problemsOf(situation: Situation, disk: readonly DiskNeed[]): Problem[] {
  const guards: Guard[] = [
    imageMissing,
    movedTag,
    majorUnacknowledged,
    requiredStopSkipped,
    databaseStopped,
    passwordRejected,
    volumeMissing,
    volumeInUse,
    volumeChanged,
    backupDirectoryUnusable,
    postgresMajorDiffers,
    restoreUnusable,
    servingUnknown,
    rollbackUndone,
    schemaAhead,
    (judged) => diskTooSmall(judged, disk),
    portTaken,
  ];
  return guards.flatMap((guard) => guard(situation) ?? []);
}

/** A tag that was mistyped, a registry that is down, an image that was pruned before a rollback. */
export function imageMissing({ facts, settings, stack, step, from, to }: Situation): Problem | undefined {
  if (facts === undefined) return undefined;
  const site = `nestfleet-${stack}`;
  const { api } = imageReferences(settings, site);
  const reasons = new Map(facts.imagesMissing.map(({ reference, reason }) => [reference, reason]));
  if (facts.targetMissing !== undefined) reasons.set(api, facts.targetMissing);
  // What is built from source is in no registry, and not on the host before the update has built it.
  const missing = [...reasons].filter(
    ([reference]) => settings.source === undefined || !reference.startsWith(`${site}-`),
  );
  if (missing.length === 0) return undefined;
  const what = missing.length === 1 ? "1 image is" : `${missing.length} images are`;
  return {
    title: `${what} neither on the Docker host nor to be had`,
    why: missing.map(([reference, reason]) => `${reference}: ${oneLine(reason)}`).join("; "),
    mend: [
      ...missing.map(([reference]) => `when the registry is back: docker pull ${reference}`),
      ...(step === "install" ? [`when the version is mistyped: ${configSet(stack, "version", "VERSION")}`] : []),
      ...(from && from.tag !== to.tag ? [stay(stack, from.tag)] : []),
    ],
  };
}

/**
 * The image that runs under this tag, or that ran when a backup was taken, is not the one that the tag names now.
 * What is built from source is not compared: the same source gives another image each time.
 */
export function movedTag({ facts, settings, stack, to }: Situation): Problem | undefined {
  if (facts?.target === undefined || settings.allowMovingTag || settings.source !== undefined) return undefined;
  const { serving, containers, backups, target } = facts;
  const candidates = [...(serving ? [serving] : []), ...containers.filter(({ running }) => running)];
  const running = candidates.find(({ role, version }) => role === "api" && version === to.tag)?.imageId;
  const recorded = newestBackup(backups, to.tag)?.images["api"];
  const known = running ?? recorded;
  if (known === undefined || known === target.imageId) return undefined;
  const { api } = imageReferences(settings, `nestfleet-${stack}`);
  return {
    title: `the tag ${to.tag} was moved to another image`,
    why: `${api} is ${shortId(target.imageId)} now; ${running === undefined ? "when the newest backup of it was taken, it was" : "what runs is"} ${shortId(known)}`,
    mend: [
      `back to the known image: docker tag ${known} ${api}`,
      `or accept the other one: ${configSet(stack, "allowMovingTag", "true")}`,
    ],
  };
}

/** A major release comes with a guide that somebody must have read. The way back needs none. */
export function majorUnacknowledged({ settings, stack, step, from, to }: Situation): Problem | undefined {
  if (step !== "upgrade" || to.semver === undefined || !crossesMajor(from?.semver, to.semver)) return undefined;
  const major = String(semver.major(to.semver));
  const given = settings.acknowledgeMajor;
  if (given === major) return undefined;
  return {
    title: `${from?.tag ?? ""} → ${to.tag} is a step to major release ${major}`,
    why: `a major release has a migration guide of its own; ${given === "" ? "nobody has acknowledged it" : `what is acknowledged is ${given}`}`,
    mend: [
      `when the guide is read: ${configSet(stack, "acknowledgeMajor", major)}`,
      ...(from ? [stay(stack, from.tag)] : []),
    ],
  };
}

/** Versions between the two that must have run, because later ones rely on what they did. */
export function requiredStopSkipped({ settings, facts, stack, step, from, to }: Situation): Problem | undefined {
  if (step !== "upgrade" || from?.semver === undefined || to.semver === undefined) return undefined;
  const { semver: lowest } = from;
  const { semver: highest } = to;
  const required = [...settings.requiredStops, ...(facts?.target?.requiredStops ?? [])];
  const stops = [...new Set(required.flatMap((stop) => semver.valid(stop) ?? []))]
    .filter((stop) => semver.gt(stop, lowest) && semver.lt(stop, highest))
    .sort(semver.compare);
  const [first] = stops;
  if (first === undefined) return undefined;
  return {
    title: `${from.tag} → ${to.tag} skips ${stops.join(", ")}`,
    why: "what these versions did to the data, the later ones rely on; they must run in between, one after the other",
    mend: [`${configSet(stack, "version", first)} && ${up(stack)}`, `then on, until ${to.tag}`],
  };
}

/** Without the database there is no backup, and nobody knows which migrations are applied. */
export function databaseStopped({ facts, stack, step, from }: Situation): Problem | undefined {
  if (facts === undefined || facts.database !== undefined || (step !== "upgrade" && step !== "rollback"))
    return undefined;
  const name = `nestfleet-${stack}-postgres`;
  const exists = facts.containers.some(({ role }) => role === "postgres");
  return {
    title: "the database does not run",
    why: `a version is changed only after a backup; ${name} ${exists ? "is stopped or does not answer" : "does not exist"}`,
    mend: exists
      ? [`docker start ${name}`, `if it stops again: docker logs --tail 50 ${name}`]
      : [
          ...(from ? [configSet(stack, "version", from.tag)] : []),
          `pulumi up --refresh --stack ${stack}`,
          "then the new version",
        ],
  };
}

/**
 * The password is a setting of the database's role, and the config only says what the application takes it for: changed
 * there alone, the new containers would be locked out.
 */
export function passwordRejected({ facts, stack }: Situation): Problem | undefined {
  if (facts?.passwordRejected !== true) return undefined;
  const path = "secrets.postgresPassword";
  return {
    title: "the database does not take the password of the config",
    why: `nestfleet:${path} is not the password of the role nestfleet; api and worker could not connect`,
    mend: [
      `put the old one back: ${configSetSecret(stack, path)}`,
      `when it was generated before: ${configRmPath(stack, path)}`,
      `or set the new one in the database first: docker exec -it nestfleet-${stack}-postgres psql -U nestfleet -d nestfleet -c '\\password nestfleet'`,
      `then ${up(stack)}`,
    ],
  };
}

/** A name that was mistyped: Docker would make an empty volume of it, and the data would seem lost. */
export function volumeMissing({ facts, settings, stack }: Situation): Problem | undefined {
  const named = settings.postgres?.existingVolume;
  if (named === undefined || facts?.dataVolume === undefined || facts.dataVolume.exists) return undefined;
  return {
    title: `the volume ${named} does not exist`,
    why: "nestfleet:postgres.existingVolume names it; the database would start empty, on a new volume of that name",
    mend: [
      `when it is mistyped (docker volume ls): ${configSetPath(stack, EXISTING_VOLUME, "VOLUME")}`,
      `or start without data, on a volume of the stack's own: ${configRmPath(stack, EXISTING_VOLUME)}`,
    ],
  };
}

/** Two servers on one data directory destroy it; in containers, neither sees the other's lock file hold. */
export function volumeInUse({ facts }: Situation): Problem | undefined {
  const { wanted, usedBy } = facts?.dataVolume ?? { wanted: "", usedBy: [] };
  if (usedBy.length === 0) return undefined;
  return {
    title: `the volume ${wanted} is in use`,
    why: `${usedBy.join(", ")} ${usedBy.length === 1 ? "runs and mounts" : "run and mount"} it; two database servers on the same data destroy them`,
    mend: [`docker stop ${usedBy.join(" ")}`],
  };
}

/** A line of the config that was changed or lost: the stack would go on with other data, or with none. */
export function volumeChanged({ facts, stack }: Situation): Problem | undefined {
  const { wanted, mounted } = facts?.dataVolume ?? {};
  if (wanted === undefined || mounted === undefined || mounted === wanted) return undefined;
  const name = `nestfleet-${stack}-postgres`;
  const back = mounted === name ? configRmPath(stack, EXISTING_VOLUME) : configSetPath(stack, EXISTING_VOLUME, mounted);
  return {
    title: `the database would change from the volume ${mounted} to ${wanted}`,
    why: `${name} has its data on ${mounted}; what is on ${wanted} is other data, or none`,
    mend: [
      `put it back: ${back}`,
      `or, when the data on ${wanted} are meant, take the container away, which leaves both volumes: docker stop ${name} && docker rm ${name}`,
    ],
  };
}

/** Docker mounts no directory that is not there: postgres would be stopped, and could not start again. */
export function backupDirectoryUnusable({ facts, stack }: Situation): Problem | undefined {
  if (facts?.backupDirectory === undefined) return undefined;
  const { path, fault } = facts.backupDirectory;
  return {
    title: `backups cannot be written to ${path}`,
    why: `nestfleet:backups.directory is a directory of the Docker host; ${fault}`,
    mend: [
      `on the Docker host: mkdir -p ${shellWord(path)}`,
      `or name another one: ${configSetPath(stack, "backups.directory", "DIRECTORY")}`,
    ],
  };
}

/** A data directory can be read by its own major only. */
export function postgresMajorDiffers({ facts, settings, stack }: Situation): Problem | undefined {
  const image = facts?.target?.postgresMajor;
  const data = facts?.database?.major;
  if (image === undefined || data === undefined || image === data) return undefined;
  const running = facts?.containers.find(({ role }) => role === "postgres")?.version;
  return {
    title: `${settings.images.postgres} is PostgreSQL ${image}, the data are of PostgreSQL ${data}`,
    why: `PostgreSQL ${image} does not start on them; the way from ${data} to ${image} is dump and restore, into a new volume`,
    mend: [
      `stay on ${data}: ${configSetPath(stack, "images.postgres", running ?? `pgvector/pgvector:pg${data}`)}`,
      `or move: a backup of this stack (bash scripts/backup.sh), restored into a new stack that starts with ${settings.images.postgres}`,
    ],
  };
}

/** A disk that fills in the middle stops the database, and the version that serves with it. */
export function diskTooSmall(
  { facts, settings, stack, restore }: Situation,
  disk: readonly DiskNeed[],
): Problem | undefined {
  const short = disk.filter(({ neededBytes, freeBytes }) => neededBytes > freeBytes);
  if (short.length === 0) return undefined;
  const ofData = short.some(({ of }) => of !== "backups");
  const lies = { data: "the data lie", backups: "the backups lie", "data and backups": "data and backups lie" };
  return {
    title: "the disk is too small for this update",
    why: short
      .map(
        ({ of, neededBytes, freeBytes }) =>
          `where ${lies[of]}, ${size(neededBytes)} are needed and ${size(freeBytes)} are free: ${size(neededBytes - freeBytes)} too few`,
      )
      .join("; "),
    mend: [
      "images that no container uses take most: docker image prune lists and removes the untagged ones",
      ...(ofData ? (facts?.database?.replaced ?? []).map((database) => dropped(database, stack)) : []),
      ...(ofData && settings.rehearsal !== "off" && restore === undefined
        ? [`without a rehearsal less is needed: ${configSet(stack, "rehearsal", "off")}`]
        : []),
      "or a larger disk; delete no backup of a version that may be needed again",
    ],
  };
}

function dropped({ name, bytes }: ReplacedDatabase, stack: string): string {
  return `${name}, replaced by a restore, has ${size(bytes)}; when no undo is wanted: docker exec nestfleet-${stack}-postgres dropdb -U nestfleet ${name}`;
}

/** Found before anything is stopped: Caddy could not start. */
export function portTaken({ facts, settings, stack }: Situation): Problem | undefined {
  const [first, ...more] = facts?.portsTaken ?? [];
  if (first === undefined) return undefined;
  const taken = [first, ...more];
  return {
    title: `${taken.length === 1 ? "port" : "ports"} ${taken.map(({ port }) => port).join(" and ")} of the Docker host ${taken.length === 1 ? "is" : "are"} taken`,
    why: taken.map(({ port, by }) => `${port} by ${by}`).join(", "),
    mend: [
      "stop what has taken it",
      ...taken.map(({ port }) => {
        const key = port === settings.http.httpPort ? "httpPort" : "httpsPort";
        return `or take another one: ${configSetPath(stack, `http.${key}`, String(key === "httpPort" ? 8080 : 8443))}`;
      }),
    ],
  };
}

/** As it is where nothing in it means anything to a shell. */
function shellWord(text: string): string {
  return /^[\w./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

function shortId(imageId: string): string {
  return imageId.replace(/^sha256:/, "").slice(0, 12);
}

function oneLine(text: string): string {
  return text.trim().replace(/\s+/g, " ");
}
