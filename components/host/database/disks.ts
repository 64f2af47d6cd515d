import type { Disk, Disks } from "../../release/facts";
import { BACKUPS_PATH } from "../../release/records/backup-id";
import type { DockerClient } from "../docker/client";
import { DATA_DIRECTORY } from "./data-volume";

/** Docker mounts this file into every container, from its own directory. */
const OF_DOCKER = "/etc/hosts";

/**
 * Reads the file systems of the database, its backups and Docker's own volumes, and the free space on them. df prints
 * the POSIX form, the only one that BusyBox has: device, blocks of 1024 bytes, used, free.
 */
export async function inspectDisks(docker: DockerClient, postgres: string): Promise<Disks> {
  const asked = `df -Pk ${DATA_DIRECTORY} "$1" "$2"`;
  const table = await docker.run(["exec", postgres, "sh", "-c", asked, "-", BACKUPS_PATH, OF_DOCKER]);
  const rows = table.trim().split("\n").slice(1);
  const disk = (index: number): Disk => {
    const [device = "", , , free = "0"] = (rows[index] ?? "").split(/\s+/);
    return { device, freeBytes: Number(free) * 1024 };
  };
  return { data: disk(0), backups: disk(1), docker: disk(2) };
}
