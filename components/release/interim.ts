/**
 * Name of a container that a restore makes, in the place of one that the engine's state knows, until the next update
 * makes that. Not one that the engine could have given: what is named like a resource may be taken for an orphan.
 */
export function standInName(stackName: string, moment: string, role: string): string {
  return `${stackName}-restored-${moment}-${role}`;
}

export function isStandIn(name: string): boolean {
  return /-restored-\d{8}t\d{6}z-[a-z]+$/.test(name);
}
