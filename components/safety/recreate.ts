import type * as pulumi from "@pulumi/pulumi";
import { namesOf } from "../release/names";
import type { Plan } from "../release/plan";
import { breakingIn } from "../release/plan-context";
import { runScript } from "../resources/script";
import type { Site } from "../resources/site";
import type { Postgres } from "../services/postgres";
import { backupPolicy } from "./backup";
import { databaseOf, isPrepared } from "./preparation";

/** The logical name of the step that stops the writers or restores a backup. It is one resource for both. */
export const WRITERS = "writers";

interface RecreateArgs {
  readonly postgres: Postgres;
  readonly after: pulumi.Resource;
}

/**
 * Stops the writers (api and workers) of the running release if the two releases cannot run side by side, and backs up
 * what they have written since the first backup. Otherwise the writers go on; if a migration may break them, the
 * cutover comes as soon as the candidates have answered once.
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
