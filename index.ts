import * as pulumi from "@pulumi/pulumi";
import { namesOf } from "./components/release/names";
import { NestFleet } from "./components/nestfleet";
import { readSettings } from "./components/read-settings";
import { prepareUpdate } from "./components/update";

/** The program: settings → plan → NestFleet → outputs. */
export = async () => {
  const stack = pulumi.getStack();
  const settings = readSettings();
  const plan = await prepareUpdate(stack, settings);
  const nestfleet = new NestFleet(namesOf(stack).prefix, settings, plan);
  return {
    /** The address that users open. */
    url: nestfleet.url,
    /** The tag of the configured release. */
    release: settings.version.tag,
    /** The version that `/health` answered with through the published ports. */
    version: nestfleet.version,
    /** The digest of the image behind each service. */
    images: nestfleet.images,
    /** The name of each container. */
    containers: nestfleet.containers,
    /** The last backup that was restored with confirmRestore, and that text. Absent if there was none. */
    ...(plan.restored && { restored: plan.restored }),
    /** The place where backups are kept, and how many are kept. */
    backups: nestfleet.backups,
  };
};
