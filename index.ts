import * as pulumi from "@pulumi/pulumi";
import { namesOf } from "./components/release/names";
import { NestFleet } from "./components/nestfleet";
import { readSettings } from "./components/read-settings";
import { prepareUpdate } from "./components/update";

/**
 * The SDK notes the stack of every promise that it makes, and ts-node maps the lines of each: 0.4 s of processor time out
 * of the 2.6 s of a program. Without that they are the lines of what ts-node has compiled, which differ little.
 */
delete (Error as { prepareStackTrace?: unknown }).prepareStackTrace;

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
