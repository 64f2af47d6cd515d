import { z } from "zod";
import { parseBackupId } from "../release/records/backup-id";
import { field } from "./field";

const CONFIRMATION = /^[A-Za-z0-9_.:-]{1,64}$/;

/** An empty text means no value, as everywhere where Pulumi.yaml has to name a default. */
const unset = z.literal("").transform(() => undefined);

/**
 * The id of a backup. The rule has no example, because an id that does not exist on this host would be refused later.
 */
export function backupId() {
  const id = z.string().refine((text) => parseBackupId(text) !== undefined);
  return field(z.union([unset, id]), "the id of a backup, as scripts/restore.sh --list shows it", "");
}

export function confirmation() {
  return field(
    z.union([unset, z.string().regex(CONFIRMATION)]),
    "1 to 64 letters, digits, '_', '.', ':' or '-'",
    "2026-11-24",
  );
}
