import { configRmPath, configSetPath, docker, script } from "../commands";
import { namesOf } from "../names";
import type { PlanContext } from "../plan-context";
import type { GuardProblem } from "./problem";

const EXISTING_VOLUME = "postgres.existingVolume";

/** Refuses a mistyped name: Docker would make an empty volume of that name, and the data would seem lost. */
export function volumeMissing({ facts, settings, stack }: PlanContext): GuardProblem | undefined {
  const named = settings.postgres?.existingVolume;
  if (named === undefined || facts?.dataVolume === undefined || facts.dataVolume.exists) return undefined;
  return {
    title: `the volume ${named} does not exist`,
    why: "nestfleet:postgres.existingVolume names it; the database would start empty, on a new volume of that name",
    fix: [
      `if the name is mistyped (${docker(settings.dockerHost, "volume ls")}): ${configSetPath(stack, EXISTING_VOLUME, "VOLUME")}`,
      `or start without data, on a volume of the stack's own: ${configRmPath(stack, EXISTING_VOLUME)}`,
    ],
  };
}

/** Two servers on one data directory destroy it; in containers, neither respects the other's lock file. */
export function volumeInUse({ facts, settings }: PlanContext): GuardProblem | undefined {
  const { wanted, usedBy } = facts?.dataVolume ?? { wanted: "", usedBy: [] };
  if (usedBy.length === 0) return undefined;
  return {
    title: `the volume ${wanted} is in use`,
    why: `${usedBy.join(", ")} ${usedBy.length === 1 ? "runs and mounts" : "run and mount"} it; two database servers on the same data destroy them`,
    fix: [docker(settings.dockerHost, `stop ${usedBy.join(" ")}`)],
  };
}

/**
 * Refuses where a line of the config was changed or lost: the stack would continue with other data, or without data.
 */
export function volumeChanged({ facts, settings, stack }: PlanContext): GuardProblem | undefined {
  const { wanted, mounted } = facts?.dataVolume ?? {};
  if (wanted === undefined || mounted === undefined || mounted === wanted) return undefined;
  const name = namesOf(stack).containers.postgres;
  const back = mounted === name ? configRmPath(stack, EXISTING_VOLUME) : configSetPath(stack, EXISTING_VOLUME, mounted);
  return {
    title: `the database would change from the volume ${mounted} to ${wanted}`,
    why: `${name} has its data on ${mounted}; the volume ${wanted} holds other data or is empty`,
    fix: [
      `put it back: ${back}`,
      `or, to use ${wanted} on purpose, first remove the container (both volumes are kept): ${docker(settings.dockerHost, `stop ${name}`)} && ${docker(settings.dockerHost, `rm ${name}`)}`,
    ],
  };
}

/** Only the same major version of PostgreSQL can read a data directory. */
export function postgresMajorDiffers({ facts, settings, stack }: PlanContext): GuardProblem | undefined {
  const image = facts?.target?.postgresMajor;
  const data = facts?.database?.major;
  if (image === undefined || data === undefined || image === data) return undefined;
  const running = facts?.containers.find(({ role }) => role === "postgres")?.version;
  return {
    title: `${settings.images.postgres} is PostgreSQL ${image}, the data are from PostgreSQL ${data}`,
    why: `PostgreSQL ${image} does not start on these data; to move from ${data} to ${image}, dump and restore them into a new volume`,
    fix: [
      `stay on ${data}: ${configSetPath(stack, "images.postgres", running ?? `pgvector/pgvector:pg${data}`)}`,
      `or take a backup of this stack (${script({ name: "backup", stack })}) and restore it into a new stack that starts with ${settings.images.postgres}`,
    ],
  };
}

/** PostgreSQL would find an empty folder in the volume, and start an empty database beside the data. */
export function dataFolderDiffers({ facts, settings, stack }: PlanContext): GuardProblem | undefined {
  const { wanted, mounted, folder } = facts?.dataVolume ?? {};
  const image = facts?.dataMount;
  if (image === undefined || folder === undefined || mounted !== wanted || image.folder === folder) return undefined;
  if (facts?.target?.postgresMajor !== facts?.database?.major) return undefined; // that is reported
  const place = (path: string) => (path === "" ? "at the top of the volume" : `in the volume's folder ${path}`);
  const running = facts?.containers.find(({ role }) => role === "postgres")?.version;
  return {
    title: `${settings.images.postgres} keeps its data elsewhere in the volume`,
    why: `the data are ${place(folder)}, and the image looks for them ${place(image.folder)}; it would start with an empty database`,
    fix: [`keep the image that runs: ${configSetPath(stack, "images.postgres", running ?? "IMAGE")}`],
  };
}
