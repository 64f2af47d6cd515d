/** Of containers that nobody waits for: a fifth of what production's get when both want the processor. */
export const LOW_WEIGHT = "--cpu-shares=200";
