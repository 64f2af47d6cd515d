import * as pulumi from "@pulumi/pulumi";
import { bringImages, type Images } from "./resources/images";
import { createNetworks } from "./resources/network";
import { dockerProvider } from "./resources/provider";
import type { Site } from "./resources/site";
import { createVolume, namedOrOwn } from "./resources/volume";
import { cutOver } from "./safety/cutover";
import { grantOwnership } from "./safety/application-role";
import { takeBackup } from "./safety/backup";
import { recreate } from "./safety/recreate";
import { rehearse } from "./safety/rehearsal";
import { restore } from "./safety/restore";
import { createSecrets } from "./resources/secrets";
import { giveVerdict } from "./safety/verdict";
import { applicationEnv, createApi } from "./services/api";
import { backupStore } from "./resources/backup-store";
import { createCaddy } from "./services/caddy";
import { createConsole } from "./services/console";
import { publicUrl } from "./host/routing/entrance";
import { createPostgres } from "./services/postgres";
import { createWorkers } from "./services/worker";
import type { Plan } from "./release/plan";
import type { Settings } from "./settings/schema";

/** A running NestFleet on one Docker host. The constructor reads in the order in which an update happens. */
export class NestFleet extends pulumi.ComponentResource {
  /** Where users find it. */
  public readonly url: string;
  /** The release that answers, as seen from outside; not the one that was asked for. */
  public readonly version: pulumi.Output<string>;
  /** The digest of the image behind each service. */
  public readonly images: Record<string, pulumi.Output<string>>;
  /** The name of each container. */
  public readonly containers: Record<string, pulumi.Output<string> | pulumi.Output<string>[]>;
  /** Where backups are kept, and how many. */
  public readonly backups: pulumi.Output<object>;

  public constructor(name: string, settings: Settings, plan: Plan, options: pulumi.ComponentResourceOptions = {}) {
    super("nestfleet:index:NestFleet", name, {}, options);
    const provider = dockerProvider(name, settings.dockerHost, this);
    const site: Site = { name, stack: pulumi.getStack(), settings, plan, parent: this, provider };

    const images = bringImages(site);
    const secrets = createSecrets(site);
    const networks = createNetworks(site);
    const data = namedOrOwn(site, settings.postgres.existingVolume, "postgres");
    const backups = backupStore(site);
    const proxy = { data: createVolume(site, "caddy-data").name, config: createVolume(site, "caddy-config").name };

    const postgres = createPostgres(site, images, networks, data, backups.mount, secrets);
    const backup = takeBackup(site, { postgres, images });
    const rehearsal = rehearse(site, { postgres, backup, image: images.api });
    const owned = grantOwnership(site, { postgres, after: rehearsal.passed });
    const { restore: restoration } = plan;
    const ready =
      restoration === undefined
        ? recreate(site, { postgres, after: owned })
        : restore(site, { postgres, images, restoration, backup, after: owned });
    const env = applicationEnv(site, postgres.url, secrets);
    const api = createApi(site, images.api, networks, env, { ready, migrationSeconds: rehearsal.migrationSeconds });
    const console = createConsole(site, images.console, networks, api.ready);
    const caddy = createCaddy(site, images.caddy, networks, proxy, [api, console]);
    const cutover = cutOver(site, caddy, api, console, [postgres]);
    const workers = createWorkers(site, images.worker, networks, env, cutover.done);
    giveVerdict(site, caddy, cutover, { api, console, workers, others: [postgres] });

    this.url = publicUrl(settings);
    this.version = cutover.version;
    this.images = digests(images);
    this.containers = {
      postgres: postgres.container.name,
      api: api.container.name,
      worker: workers.map(({ container }) => container.name),
      console: console.container.name,
      caddy: caddy.container.name,
    };
    this.backups = backups.location;
    this.registerOutputs({});
  }
}

function digests(images: Images): Record<string, pulumi.Output<string>> {
  return Object.fromEntries(Object.entries(images).map(([role, image]) => [role, image.digest]));
}
