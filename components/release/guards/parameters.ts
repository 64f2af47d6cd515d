import { configPath, configSetPath, pulumi } from "../commands";
import type { PlanContext } from "../plan-context";
import type { GuardProblem } from "./problem";

/** A server that is given such a parameter does not start. */
export function parametersRejected({ facts, settings, stack }: PlanContext): GuardProblem[] {
  return (facts?.parametersRejected ?? []).map(({ name, why }) => {
    const path = configPath(["postgres", "parameters", name]);
    return {
      title: `${settings.images.postgres} rejects the server parameter ${name}`,
      why: `the server says: ${why}`,
      fix: [
        `give it another value: ${configSetPath(stack, path, "VALUE")}`,
        `or leave it to the server: ${pulumi(`config rm --stack ${stack} --path 'nestfleet:${path}'`)}`,
      ],
    };
  });
}
