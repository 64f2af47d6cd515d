import { vi } from "vitest";
import type { BackupManifest } from "../../components/release/records/manifest";
import { postgresHealthcheck } from "../../components/host/docker/healthchecks";
import { takeBackup } from "../../components/operations/backup/backup";
import { Database } from "../../components/host/database/database";
import { docker, POSTGRES_IMAGE } from "./fixture";

export interface ServerOptions {
  readonly password?: string;
  /** `none` if only the scripts need to reach the server. */
  readonly network?: string;
  /** Settings of the server, `name=value`. */
  readonly settings?: readonly string[];
}

/** A server with an empty database, which looks to the scripts like that of a stack. Its backups are in a volume. */
export class Server {
  public readonly postgres: string;
  public readonly database: Database;

  public constructor(public readonly stack: string) {
    this.postgres = `${stack}-postgres`;
    this.database = new Database(docker, this.postgres);
  }

  public async start({ password = "secret", network = "none", settings = [] }: ServerOptions = {}): Promise<void> {
    await this.remove();
    const labels = [`org.nestfleet.stack=${this.stack}`, "org.nestfleet.role=postgres"];
    const environment = ["POSTGRES_USER=nestfleet", "POSTGRES_DB=nestfleet", `POSTGRES_PASSWORD=${password}`];
    await docker.run([
      ...["run", "--detach", "--init", "--name", this.postgres, `--network=${network}`, "--volume=/backups"],
      ...labels.flatMap((label) => ["--label", label]),
      ...environment.flatMap((entry) => ["--env", entry]),
      ...[POSTGRES_IMAGE, "postgres", ...["fsync=off", ...settings].flatMap((setting) => ["-c", setting])],
    ]);
    const listens = () => docker.run(["exec", this.postgres, ...postgresHealthcheck.test.slice(1)]);
    await vi.waitFor(listens, { timeout: 60_000, interval: 200 });
  }

  public async remove(): Promise<void> {
    await docker.run(["rm", "--force", "--volumes", this.postgres]).catch(() => undefined);
  }

  /** Takes a backup, as if 1.4.2 served. */
  public async backup(signal: AbortSignal): Promise<BackupManifest> {
    const { Id: api } = (await docker.inspect("nestfleet-standin/api:1.4.2", "image")) as { Id: string };
    const options = { keep: undefined, acceptSmaller: false, readBack: false };
    const request = { postgres: this.postgres, version: "1.4.2", images: { api }, ...options };
    const taken = await takeBackup(docker, request, signal);
    if (taken === undefined) throw new Error("there was nothing to back up");
    return taken;
  }
}
