import type * as pulumi from "@pulumi/pulumi";
import { namesOf } from "../release/names";
import type { Plan } from "../release/plan";
import { breakingIn } from "../release/plan-context";
import { runScript } from "../resources/script";
import type { Site } from "../resources/site";
import type { Postgres } from "../services/postgres";
import { backupPolicy } from "./backup";
import { databaseOf, isPrepared } from "./preparation";

/** The logical name of what stops the writers, or restores beside them: one resource, whatever an update needs. */
export const WRITERS = "writers";

interface RecreateArgs {
  readonly postgres: Postgres;
  readonly after: pulumi.Resource;
}

/**
 * Where the two releases cannot run side by side: stops the writers of the one that serves, and backs up what they have
 * written since the first backup. Elsewhere they go on, and the cutover is hurried where a migration may break them.
 */
export function recreate(site: Site, { postgres, after }: RecreateArgs): pulumi.Resource {
  const { stack, plan } = site;
  return runScript(site, {
    name: WRITERS,
    script: "recreate",
    input: {
      ...databaseOf(site, postgres),
      ...backupPolicy(site),
      caddy: namesOf(stack).containers.caddy,
      target: plan.to.tag,
      action: actionOf(plan),
    },
    dependsOn: [after],
    frozen: !isPrepared(plan),
  });
}

function actionOf({ strategy, pending = [], unexplained, ahead }: Plan): "stop" | "hurry" | "leave" {
  if (strategy === "recreate") return "stop";
  return breakingIn({ schema: { pending, unexplained, ahead } }).length > 0 ? "hurry" : "leave";
}
