import { expect, test } from "vitest";
import { isSystems } from "../../../components/settings/system-directory";

test.each([
  ...[
    "/",
    "/etc",
    "/etc/cron.d",
    "/usr/local",
    "/lib64",
    "/boot",
    "/dev/shm",
    "/proc/sys",
    "/sys",
    "/run/x",
    "/var/run",
  ],
  ...[
    "/var/lib/docker",
    "/var/lib/docker/volumes/x",
    "/var/spool/cron",
    "/root",
    "/root/.ssh",
    "/home/eve/.ssh",
    "/home",
  ],
  ...["/srv/../etc", "//etc", "/./etc/x", "/var/lib"],
])("%s is the system's own", (path) => {
  expect(isSystems(path)).toBe(true);
});

test.each([
  "/var/backups/nestfleet",
  "/srv/nestfleet",
  "/mnt/nas/..backups",
  "/root/backups",
  "/home/eve/backups",
  "/library",
  "/etcetera",
])("%s is not", (path) => {
  expect(isSystems(path)).toBe(false);
});
