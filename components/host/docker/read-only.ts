import { configSetPath } from "../../release/commands";

/**
 * What the kernel says, and Node.js and libraries of C in their own words, when a container writes where it may not, or
 * more than there is room for in its memory.
 */
export const READ_ONLY = /EROFS|read-only file system|ENOSPC|no space left on device/i;

/** A container that was refused, and the end of its log. */
interface Refused {
  readonly stack: string;
  readonly role: string;
  readonly words: readonly string[];
}

/** What helps a container that wrote beside its volumes; none when its log tells of nothing like that. */
export function writableAgain({ stack, role, words }: Refused): string[] {
  if (!words.some((line) => READ_ONLY.test(line))) return [];
  const key = role === "postgres" ? role : `resources.${role}`;
  return [
    `Its file system is read-only, but for /tmp and its volumes. Where it must write elsewhere: ${configSetPath(stack, `${key}.readOnly`, "false")}`,
  ];
}
