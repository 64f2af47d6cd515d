import * as pulumi from "@pulumi/pulumi";
import { publicUrl } from "./host/routing/entrance";
import type { Plan } from "./release/plan";
import { Images } from "./resources/images";
import { Networks } from "./resources/networks";
import { dockerProvider } from "./resources/provider";
import { Secrets } from "./resources/secrets";
import type { Site } from "./resources/site";
import { grantOwnership } from "./safety/application-role";
import { Backup } from "./safety/backup";
import { cutOver } from "./safety/cutover";
import { recreate } from "./safety/recreate";
import { rehearse } from "./safety/rehearsal";
import { restore } from "./safety/restore";
import { giveVerdict } from "./safety/verdict";
import { Api } from "./services/api";
import { Caddy } from "./services/caddy";
import { Console } from "./services/console";
import { applicationEnv } from "./services/environment";
import { Postgres } from "./services/postgres";
import { createWorkers } from "./services/worker";
import type { Settings } from "./settings/schema";

/** A running NestFleet on one Docker host. The constructor has the order of an update. */
export class NestFleet extends pulumi.ComponentResource {
  /** The URL for users. */
  public readonly url: string;
  /** The version that the running release answers through the published ports; not the version in the config. */
  public readonly version: pulumi.Output<string>;
  /** The digest of each service's image. */
  public readonly images: Record<string, pulumi.Output<string>>;
  /** The name of each container. */
  public readonly containers: Record<string, pulumi.Output<string> | pulumi.Output<string>[]>;
  /** Where backups are kept, and how many. */
  public readonly backups: pulumi.Output<object>;

  public constructor(name: string, settings: Settings, plan: Plan, options: pulumi.ComponentResourceOptions = {}) {
    super("nestfleet:index:NestFleet", name, {}, options);
    const provider = dockerProvider(name, settings.dockerHost, this);
    const site: Site = { name, stack: pulumi.getStack(), settings, plan, root: this, parent: this, provider };

    const images = new Images(site);
    const secrets = new Secrets(site);
    const networks = new Networks(site);
    const backup = new Backup(site);

    const postgres = new Postgres(site, { images, networks, secrets, backups: backup.mount });
    const taken = backup.take({ postgres, images });
    const rehearsal = rehearse(site, { postgres, backup: taken, image: images.api });
    const owned = grantOwnership(site, { postgres, after: rehearsal.done });
    const prepared =
      plan.restore === undefined
        ? recreate(site, { postgres, after: owned })
        : restore(site, { postgres, images, restoration: plan.restore, backup: taken, after: owned });

    const env = applicationEnv(site, { databaseUrl: postgres.url, secrets });
    const { migrationSeconds } = rehearsal;
    const api = new Api(site, { image: images.api, networks, env, after: prepared, migrationSeconds });
    const console = new Console(site, { image: images.console, networks, after: api.ready });
    const caddy = new Caddy(site, { image: images.caddy, networks, after: [api.ready, console.ready] });
    const cutover = cutOver(site, { caddy, api, console, others: [postgres] });
    const workers = createWorkers(site, { image: images.worker, networks, env, after: cutover.done });
    const verdict = giveVerdict(site, { cutover, caddy, api, console, workers, others: [postgres] });

    this.url = publicUrl(settings);
    // The stack's outputs are written once all of them are known. So those of the last successful update stay if the
    // last step fails.
    this.version = pulumi.all([cutover.version, verdict.id]).apply(([version]) => version);
    this.images = images.digests;
    this.containers = {
      postgres: postgres.container.name,
      api: api.container.name,
      worker: workers.map(({ container }) => container.name),
      console: console.container.name,
      caddy: caddy.container.name,
    };
    this.backups = backup.location;
    this.registerOutputs({});
  }
}
