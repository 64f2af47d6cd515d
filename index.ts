import * as pulumi from "@pulumi/pulumi";
import { namesOf } from "./components/release/names";
import { NestFleet } from "./components/nestfleet";
import { readSettings } from "./components/read-settings";
import { prepareUpdate } from "./components/update";

/** Settings → plan → NestFleet → outputs. */
export = async () => {
  const stack = pulumi.getStack();
  const settings = readSettings();
  const plan = await prepareUpdate(stack, settings);
  const nestfleet = new NestFleet(namesOf(stack).prefix, settings, plan);
  return {
    /** Where users find it. */
    url: nestfleet.url,
    /** The release that was brought, by its tag. */
    release: settings.version.tag,
    /** The version that answers, as seen from outside. */
    version: nestfleet.version,
    /** The digest of the image behind each service. */
    images: nestfleet.images,
    /** The name of each container. */
    containers: nestfleet.containers,
    /** The last backup that was put back under a confirmRestore, and that word; without one, there is no such output. */
    ...(plan.restored && { restored: plan.restored }),
    /** Where backups are kept, and how many. */
    backups: nestfleet.backups,
  };
};
