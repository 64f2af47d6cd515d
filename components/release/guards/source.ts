import { keepVersion } from "../commands";
import type { PlanContext } from "../plan-context";
import type { GuardProblem } from "./problem";

/**
 * A release whose tag does not exist, or whose source cannot be read. With the version unchanged nothing is built, so a
 * Git server that is down does not stop the change of a setting.
 */
export function sourceUnusable({ facts, stack, step, from, to }: PlanContext): GuardProblem | undefined {
  if (facts?.sourceFault === undefined || step === "restart" || step === "restore") return undefined;
  const { title, why, fix } = facts.sourceFault;
  return { title, why, fix: [fix, ...(from && from.tag !== to.tag ? [keepVersion(stack, from.tag)] : [])] };
}
