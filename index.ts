import * as pulumi from "@pulumi/pulumi";
import { NestFleet } from "./components/nestfleet";
import { readSettings } from "./components/settings/read";

const settings = readSettings();
const nestfleet = new NestFleet(`nestfleet-${pulumi.getStack()}`, settings);

/** Where users find it. */
export const url = nestfleet.url;
/** The release that answers, as seen from outside. */
export const version = nestfleet.version;
/** The digest of the image behind each service. */
export const images = nestfleet.images;
/** The name of each container. */
export const containers = nestfleet.containers;
/** Where backups are kept, and how many. */
export const backups = nestfleet.backups;
