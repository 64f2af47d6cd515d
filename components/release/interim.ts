import { nameOf } from "./names";

/** The place of an interim container. */
interface Place {
  readonly stack: string;
  /** When the restore began, as the name of the replaced database has it. */
  readonly moment: string;
  readonly role: string;
}

/**
 * Names an interim container: one that a restore makes in the place of a container that Pulumi's state knows, until the
 * next update makes that. The name is none that Pulumi could have given: a container that is named like a resource may be
 * taken for an orphan.
 */
export function interimName({ stack, moment, role }: Place): string {
  return `${nameOf(stack)}-restored-${moment}-${role}`;
}

export function isInterim(name: string): boolean {
  return /-restored-\d{8}t\d{6}z-[a-z]+$/.test(name);
}
