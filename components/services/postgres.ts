import type * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { POSTGRES_CAPABILITIES, POSTGRES_TEMPORARY, TEMPORARY } from "../host/docker/hardening";
import type { Images } from "../resources/images";
import type { Networks } from "../resources/network";
import { createContainer, containerArgs, type Service, type ServiceArgs } from "../resources/service";
import type { Site } from "../resources/site";
import { APPLICATION_ROLE, DATABASE, SUPERUSER } from "../release/names";
import { KEY_VARIABLE } from "../release/records/signature";
import { refreshCollations } from "../resources/collations";
import { createGate } from "../resources/gate";
import { holdRequests, reopen } from "../resources/hold";
import type { Secrets } from "../resources/secrets";
import { signBackups } from "../resources/signatures";
import { postgresHealthcheck } from "../host/docker/healthchecks";

export interface Postgres extends Service {
  /** Where the application finds its database, password included. */
  readonly url: pulumi.Output<string>;
}

/**
 * The database, on a volume that outlives its container. Any change here replaces the container: PostgreSQL gets 60 s
 * to shut down cleanly and starts again on the same data; for those seconds requests wait.
 *
 * Backups are mounted from the first deployment on: adding the mount later would be such a restart. The entrypoint
 * starts as root to own its data directory and then drops to its user: that takes the five capabilities.
 */
export function createPostgres(
  site: Site,
  images: Images,
  networks: Networks,
  dataVolume: pulumi.Input<string>,
  backups: docker.types.input.ContainerMount,
  secrets: Secrets,
): Postgres {
  const { sharedBuffers, memory, cpus, readOnly } = site.settings.postgres;
  const args: ServiceArgs = {
    role: "postgres",
    image: images.postgres.id,
    version: site.settings.images.postgres,
    replacement: "after",
    fixedName: `${site.name}-postgres`,
    networks: [{ name: networks.back, aliases: ["postgres"] }],
    env: [
      `POSTGRES_DB=${DATABASE}`,
      `POSTGRES_USER=${SUPERUSER}`,
      pulumi.interpolate`POSTGRES_PASSWORD=${secrets.postgresPassword}`,
      // Not the database's: whatever writes or reads a backup finds it here.
      pulumi.interpolate`${KEY_VARIABLE}=${secrets.backupKey}`,
    ],
    // Times of commits: what a restore would lose is told with the last write.
    command: ["postgres", "-c", `shared_buffers=${sharedBuffers}`, "-c", "track_commit_timestamp=on"],
    healthcheck: postgresHealthcheck,
    mounts: [{ type: "volume", source: dataVolume, target: site.plan.dataMount.target }, backups],
    capabilities: POSTGRES_CAPABILITIES,
    readOnly,
    temporary: POSTGRES_TEMPORARY,
    // As process 1, PostgreSQL takes an orphan that dies of a signal for a crashed session, and restarts them all.
    init: true,
    graceSeconds: 60,
    limits: { memory, cpus },
    shmMegabytes: 256, // parallel queries need more than Docker's 64
  };
  const held = holdRequests(site, {
    image: images.postgres.id,
    back: networks.back,
    definition: containerArgs(site, args),
    readOnly: readOnly
      ? { temporary: { ...TEMPORARY, ...POSTGRES_TEMPORARY }, data: site.plan.dataMount.target }
      : undefined,
    present: Object.values(images).map(({ brought }) => brought),
  });
  const container = createContainer(site, "postgres", args, { dependsOn: [held] });
  const healthy = createGate(site, "postgres", "postgres", container, postgresHealthcheck, "leave");
  // First: until they are signed, the backups of before count for nothing, and an index may take long, or fail.
  const signed = signBackups(site, container, secrets.backupKey, healthy);
  const ready = refreshCollations(site, container, [reopen(site, held, healthy), signed]);
  const password = secrets.postgresPassword.apply(encodeURIComponent);
  return {
    container,
    ready,
    url: pulumi.interpolate`postgres://${APPLICATION_ROLE}:${password}@postgres:5432/${DATABASE}`,
  };
}
