import type * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { POSTGRES_CAPABILITIES, POSTGRES_TEMPORARY, TEMPORARY } from "../host/docker/hardening";
import { postgresHealthcheck } from "../host/docker/healthchecks";
import { APPLICATION_ROLE, DATABASE, SUPERUSER, namesOf } from "../release/names";
import { parametersOf, serverCommand } from "../release/parameters";
import { KEY_VARIABLE } from "../release/records/signature";
import { refreshCollations } from "../resources/collations";
import { Component } from "../resources/component";
import { createGate } from "../resources/gate";
import { holdRequests, reopen } from "../resources/hold";
import type { Images } from "../resources/images";
import type { Networks } from "../resources/networks";
import type { Secrets } from "../resources/secrets";
import { containerArgs, createContainer, type Definition, type Service } from "../resources/service";
import { signBackups } from "../resources/signatures";
import type { Site } from "../resources/site";
import { namedOrOwn } from "../resources/volume";

interface PostgresArgs {
  readonly images: Images;
  readonly networks: Networks;
  readonly secrets: Secrets;
  /** The mount of the place where backups are kept. */
  readonly backups: docker.types.input.ContainerMount;
}

/**
 * The database, on a volume that outlives its container. Any change here replaces the container: PostgreSQL gets 60 s
 * to shut down cleanly and starts again on the same data. Requests wait meanwhile.
 *
 * Backups are mounted from the first deployment on, because adding the mount later would replace the container. The
 * entrypoint starts as root, takes ownership of the data directory and then changes to its user; for that it needs the
 * five capabilities.
 */
export class Postgres extends Component implements Service {
  public readonly container: docker.Container;
  public readonly ready: pulumi.Resource;
  /** The URL under which the application finds its database, with the password. */
  public readonly url: pulumi.Output<string>;

  public constructor(site: Site, { images, networks, secrets, backups }: PostgresArgs) {
    super("Postgres", "postgres", site);
    const { inside } = this;
    const { existingVolume, parameters, memory, cpus, readOnly } = site.settings.postgres;
    const data = { source: namedOrOwn(inside, existingVolume, "postgres"), target: site.plan.dataMount.target };
    const definition: Definition = {
      role: "postgres",
      image: images.postgres.id,
      version: site.settings.images.postgres,
      replacement: "after",
      fixedName: namesOf(site.stack).containers.postgres,
      networks: [{ name: networks.back, aliases: ["postgres"] }],
      env: [
        `POSTGRES_DB=${DATABASE}`,
        `POSTGRES_USER=${SUPERUSER}`,
        pulumi.interpolate`POSTGRES_PASSWORD=${secrets.postgresPassword}`,
        // PostgreSQL does not use it. The scripts that write or read a backup take it from here.
        pulumi.interpolate`${KEY_VARIABLE}=${secrets.backupKey}`,
      ],
      command: serverCommand(parametersOf(site.settings.postgres)),
      healthcheck: postgresHealthcheck,
      mounts: [{ type: "volume", ...data }, backups],
      capabilities: POSTGRES_CAPABILITIES,
      readOnly,
      temporary: POSTGRES_TEMPORARY,
      // As process 1, PostgreSQL would adopt orphans. It takes one that is killed for a crash, and ends all sessions.
      init: true,
      graceSeconds: 60,
      limits: { memory, cpus },
      shmMegabytes: 256, // parallel queries need more than Docker's default of 64
    };
    const held = holdRequests(inside, {
      image: images.postgres.id,
      back: networks.back,
      definition: containerArgs(site, definition),
      parameters: Object.keys(parameters).length > 0 ? parameters : undefined,
      readOnly: readOnly ? { temporary: { ...TEMPORARY, ...POSTGRES_TEMPORARY }, data: data.target } : undefined,
      present: images.brought,
    });
    const container = createContainer(inside, { ...definition, after: [held] });
    const healthy = createGate(inside, {
      role: "postgres",
      container,
      healthcheck: postgresHealthcheck,
      whenRefused: "leave",
    });
    // Signed before the indexes are rebuilt, which may take long or fail: unsigned backups do not count as backups.
    const signed = signBackups(inside, { container, key: secrets.backupKey, after: healthy });
    const reopened = reopen(inside, { held, after: healthy });
    const password = secrets.postgresPassword.apply(encodeURIComponent);
    this.container = container;
    this.ready = refreshCollations(inside, { container, after: [reopened, signed] });
    this.url = pulumi.interpolate`postgres://${APPLICATION_ROLE}:${password}@postgres:5432/${DATABASE}`;
    this.registerOutputs();
  }
}
