import { configSetPath } from "../../release/commands";

/**
 * The words of the kernel, Node.js and C libraries when a container writes to a read-only place, or more than its
 * memory has room for.
 */
export const READ_ONLY = /EROFS|read-only file system|ENOSPC|no space left on device/i;

/** A container that was refused, and the end of its log. */
interface Refused {
  readonly stack: string;
  readonly role: string;
  readonly words: readonly string[];
}

/** Names the setting for a container that writes outside its volumes; nothing when its log shows no such attempt. */
export function writableAgain({ stack, role, words }: Refused): string[] {
  if (!words.some((line) => READ_ONLY.test(line))) return [];
  const key = role === "postgres" ? role : `resources.${role}`;
  return [
    `Its file system is read-only, except /tmp and its volumes. If it must write elsewhere: ${configSetPath(stack, `${key}.readOnly`, "false")}`,
  ];
}
