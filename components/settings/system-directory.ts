/** Whole trees that belong to the system, to Docker, or to the administrators of the host. */
const TREES =
  /^\/(?:etc|usr|bin|sbin|lib(?:32|64|x32)?|boot|dev|proc|sys|run|var\/(?:run|lib\/(?:docker|containerd)|spool\/cron)|(?:root|home\/[^/]+)\/\.[^/]+)(?:\/|$)/;

/** Directories that contain directories of others, and into which backups must not be written. */
const PARENTS = ["/", "/var", "/var/lib", "/home", "/root"];

/** Whether a path of the Docker host leads to a directory of the system, however the path is spelled. */
export function isSystems(path: string): boolean {
  const parts = path.split("/").filter((part) => part !== "" && part !== ".");
  const plain = `/${parts.join("/")}`;
  return parts.includes("..") || TREES.test(plain) || PARENTS.includes(plain);
}
