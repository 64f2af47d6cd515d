import semver from "semver";
import { nameOf } from "../names";
import { configRmPath, configSet, configSetPath, docker, script, shellWord, stay, up } from "../commands";
import { databaseStopped, proxyNotStarted } from "./containers";
import type { HostFacts } from "../facts";
import { type DiskNeed, type DiskUse, diskUses } from "../estimate";
import { movedWhileRestoring } from "./backup-place";
import { imageMissing, imageUnreadable } from "./images";
import { movedTags } from "./moved-tags";
import { otherThanPinned } from "./pinned-images";
import type { Problem } from "./problem";
import type { ReplacedDatabase } from "../records/replaced";
import { passwordRejected } from "./secrets";
import { roleTaken, superuserMissing } from "./role";
import { restoreUnusable, rollbackUndone, schemaAhead, servingUnknown } from "./restore";
import type { Situation } from "../situation";
import { missingExtension } from "../records/compatibility";
import { crossesMajor } from "../strategy";
import { size } from "../units";

const EXISTING_VOLUME = "postgres.existingVolume";

/** Reasons to refuse an update; none when it does not apply, or when the facts that it needs are not known. */
type Guard = (situation: Situation) => Problem | Problem[] | undefined;

/** Every problem at once, the most fundamental first. */
export function problemsOf(situation: Situation, disk: readonly DiskNeed[]): Problem[] {
  const guards: Guard[] = [
    imageMissing,
    imageUnreadable,
    otherThanPinned,
    movedTags,
    majorUnacknowledged,
    requiredStopSkipped,
    databaseStopped,
    proxyNotStarted,
    passwordRejected,
    superuserMissing,
    roleTaken,
    volumeMissing,
    volumeInUse,
    volumeChanged,
    backupDirectoryUnusable,
    movedWhileRestoring,
    postgresMajorDiffers,
    dataFolderDiffers,
    extensionsOlder,
    restoreUnusable,
    servingUnknown,
    rollbackUndone,
    schemaAhead,
    (judged) => diskTooSmall(judged, disk),
    portTaken,
  ];
  return guards.flatMap((guard) => guard(situation) ?? []);
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

/** A name that was mistyped: Docker would make an empty volume of it, and the data would seem lost. */
export function volumeMissing({ facts, settings, stack }: Situation): Problem | undefined {
  const named = settings.postgres?.existingVolume;
  if (named === undefined || facts?.dataVolume === undefined || facts.dataVolume.exists) return undefined;
  return {
    title: `the volume ${named} does not exist`,
    why: "nestfleet:postgres.existingVolume names it; the database would start empty, on a new volume of that name",
    mend: [
      `when it is mistyped (${docker(settings.dockerHost, "volume ls")}): ${configSetPath(stack, EXISTING_VOLUME, "VOLUME")}`,
      `or start without data, on a volume of the stack's own: ${configRmPath(stack, EXISTING_VOLUME)}`,
    ],
  };
}

/** Two servers on one data directory destroy it; in containers, neither sees the other's lock file hold. */
export function volumeInUse({ facts, settings }: Situation): Problem | undefined {
  const { wanted, usedBy } = facts?.dataVolume ?? { wanted: "", usedBy: [] };
  if (usedBy.length === 0) return undefined;
  return {
    title: `the volume ${wanted} is in use`,
    why: `${usedBy.join(", ")} ${usedBy.length === 1 ? "runs and mounts" : "run and mount"} it; two database servers on the same data destroy them`,
    mend: [docker(settings.dockerHost, `stop ${usedBy.join(" ")}`)],
  };
}

/** A line of the config that was changed or lost: the stack would go on with other data, or with none. */
export function volumeChanged({ facts, settings, stack }: Situation): Problem | undefined {
  const { wanted, mounted } = facts?.dataVolume ?? {};
  if (wanted === undefined || mounted === undefined || mounted === wanted) return undefined;
  const name = `${nameOf(stack)}-postgres`;
  const back = mounted === name ? configRmPath(stack, EXISTING_VOLUME) : configSetPath(stack, EXISTING_VOLUME, mounted);
  return {
    title: `the database would change from the volume ${mounted} to ${wanted}`,
    why: `${name} has its data on ${mounted}; what is on ${wanted} is other data, or none`,
    mend: [
      `put it back: ${back}`,
      `or, when the data on ${wanted} are meant, take the container away, which leaves both volumes: ${docker(settings.dockerHost, `stop ${name}`)} && ${docker(settings.dockerHost, `rm ${name}`)}`,
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
      `or move: a backup of this stack (${script("backup", stack)}), restored into a new stack that starts with ${settings.images.postgres}`,
    ],
  };
}

/** PostgreSQL would find an empty folder in the volume, and begin anew beside the data. */
export function dataFolderDiffers({ facts, settings, stack }: Situation): Problem | undefined {
  const { wanted, mounted, folder } = facts?.dataVolume ?? {};
  const image = facts?.dataMount;
  if (image === undefined || folder === undefined || mounted !== wanted || image.folder === folder) return undefined;
  if (facts?.target?.postgresMajor !== facts?.database?.major) return undefined; // that is reported
  const place = (path: string) => (path === "" ? "at the top of the volume" : `in the volume's folder ${path}`);
  const running = facts?.containers.find(({ role }) => role === "postgres")?.version;
  return {
    title: `${settings.images.postgres} keeps its data elsewhere in the volume`,
    why: `the data lie ${place(folder)}, the image looks for them ${place(image.folder)}; it would start with an empty database`,
    mend: [`stay with the image: ${configSetPath(stack, "images.postgres", running ?? "IMAGE")}`],
  };
}

/** An extension whose library is older than the objects in the database fails, or reads its data wrongly. */
export function extensionsOlder({ facts, settings, stack }: Situation): Problem | undefined {
  const other = facts?.otherImages?.find(({ role, moved }) => role === "postgres" && !moved);
  const has = other?.wanted.extensions;
  const missing = has && missingExtension(facts?.database?.installed ?? {}, has);
  if (missing === undefined) return undefined;
  const running = facts?.containers.find(({ role }) => role === "postgres")?.version;
  return {
    title: `${settings.images.postgres} does not have what the database uses`,
    why: `the database has ${missing}`,
    mend: [
      `name an image that has it: ${configSetPath(stack, "images.postgres", "IMAGE")}`,
      ...(running === undefined ? [] : [`or stay: ${configSetPath(stack, "images.postgres", running)}`]),
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
  const of = (use: DiskUse) => short.some((need) => need.of.includes(use));
  return {
    title: "the disk is too small for this update",
    why: short
      .map(
        ({ of, neededBytes, freeBytes }) =>
          `where ${diskUses(of)} lie, ${size(neededBytes)} are needed and ${size(freeBytes)} are free: ${size(neededBytes - freeBytes)} too few`,
      )
      .join("; "),
    mend: [
      `images that no container uses take most: ${docker(settings.dockerHost, "image prune")} lists and removes the untagged ones`,
      ...(of("data") || sharesDataDisk(facts, short)
        ? (facts?.database?.replaced ?? []).map((database) => dropped(database, stack, settings.dockerHost))
        : []),
      ...(of("docker") && settings.rehearsal !== "off" && restore === undefined
        ? [`without a rehearsal less is needed: ${configSet(stack, "rehearsal", "off")}`]
        : []),
      "or a larger disk; delete no backup of a version that may be needed again",
    ],
  };
}

/** Whether dropping a database makes room where it is needed. */
function sharesDataDisk(facts: HostFacts | undefined, short: readonly DiskNeed[]): boolean {
  const disks = facts?.database?.disks;
  return disks !== undefined && short.some(({ of }) => of.some((use) => disks[use].device === disks.data.device));
}

function dropped({ name, bytes }: ReplacedDatabase, stack: string, dockerHost: string | undefined): string {
  return `${name}, replaced by a restore, has ${size(bytes)}; when no undo is wanted: ${docker(dockerHost, `exec ${nameOf(stack)}-postgres dropdb -U nestfleet ${name}`)}`;
}

/**
 * Another port is no way out for a domain: users and the certificate's authority come to 80 and 443. Another proxy that
 * keeps them has to pass the requests on: then TLS is its affair.
 */
function otherPort(port: number, { http, domain }: Situation["settings"], stack: string): string {
  const key = port === http.httpPort ? "httpPort" : "httpsPort";
  const another = configSetPath(stack, `http.${key}`, "PORT");
  return domain === undefined || domain === "localhost" || ![80, 443].includes(port)
    ? `or take another one: ${another}`
    : `or, where another proxy has taken it, has the certificate of ${domain} and passes the requests on (docs/network.md): ${another} && ${configSetPath(stack, "http.tls", "off")} && ${configSetPath(stack, "http.publicUrl", `https://${domain}`)}`;
}

/** Found before anything is stopped: Caddy could not start. */
export function portTaken({ facts, settings, stack }: Situation): Problem | undefined {
  const [first, ...more] = facts?.portsTaken ?? [];
  if (first === undefined) return undefined;
  const taken = [first, ...more];
  return {
    title: `${taken.length === 1 ? "port" : "ports"} ${taken.map(({ port }) => port).join(" and ")} of the Docker host ${taken.length === 1 ? "is" : "are"} taken`,
    why: taken.map(({ port, by }) => `${port} by ${by}`).join(", "),
    mend: ["stop what has taken it", ...taken.map(({ port }) => otherPort(port, settings, stack))],
  };
}
