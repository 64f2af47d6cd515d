import { z } from "zod";
import { DockerClient } from "../components/docker/client";
import { duration, size } from "../components/release/units";
import { alone } from "./lib/alone";
import { complaint, Database } from "./lib/database";
import { exclusively } from "./lib/exclusion";
import { keptDatabases } from "./lib/incoming";
import { interruptible } from "./lib/interruption";
import { resume } from "./lib/paused";
import { restore } from "./lib/restore";
import { recoverRestore } from "./lib/restore-recovery";
import { Refusal, run, say } from "./lib/run";
import { findStack } from "./lib/stack";
import { Store } from "./lib/store";

const input = z.object({
  dockerHost: z.string(),
  /** The only one on the host, when it is not named. */
  stack: z.string().optional(),
  /**
   * `restore` a backup, `undo` the last restore, `list` what there is, `recover` what a killed restore has left.
   */
  action: z.enum(["restore", "undo", "list", "recover"]),
  /** Id of the backup, or name of the kept database; of the kept ones the newest, when none is named. */
  subject: z.string().optional(),
  /** Tag of the release that is to serve: what an update had stopped of it starts again. */
  target: z.string().optional(),
  /** The operator has been told what gets lost. */
  confirmed: z.boolean().default(false),
  timeoutSeconds: z.number().default(300),
  /** The update has the stack's lock. */
  partOfUpdate: z.boolean().default(false),
});
type Input = z.infer<typeof input>;

/** Takes data and code back together, by hand: the same as `nestfleet:restore` in config does. */
void run(input, async (asked) => {
  const docker = new DockerClient(asked.dockerHost);
  const found = await findStack(docker, asked.stack);
  const { stack, postgres } = found;
  if (asked.action === "list") return list(new Database(docker, postgres));
  const caddy = `nestfleet-${stack}-caddy`;
  const host = { stack, caddy, docker, database: new Database(docker, postgres) };
  const recover = async () => {
    await exclusively(host.database, "restore", () => recoverRestore(host));
    const resumed = asked.target === undefined ? [] : await resume(docker, caddy, stack, asked.target);
    if (resumed.length > 0) say(`${resumed.join(", ")} started again`);
    return undefined;
  };
  if (asked.action === "recover") return asked.partOfUpdate ? recover() : alone(docker, stack, recover);
  const backup = asked.action === "undo" ? null : named(asked);
  const request = { stack, postgres, caddy, backup, kept: asked.subject, timeoutSeconds: asked.timeoutSeconds };
  if (!asked.confirmed) throw new Refusal(await announcement(host.database, found.version, asked));
  const restored = await alone(docker, stack, () => interruptible((signal) => restore(docker, request, signal)));
  say(`Next: nestfleet:version ${restored.version} in the config of ${stack}, then \`pulumi up --stack ${stack}\`.`);
  return JSON.stringify(restored);
});

function named({ subject }: Input): string {
  if (subject === undefined) throw new Refusal("Which backup?\nNext: scripts/restore.sh --list");
  return subject;
}

/** What will happen, for somebody who has not said yes yet. */
async function announcement(database: Database, serving: string | undefined, { action, subject }: Input) {
  const what =
    action === "undo" ? `the database ${subject ?? "that was replaced last"}` : `the backup ${subject ?? ""}`;
  const names = await keptDatabases(database).catch((error: unknown) => complaint(error));
  return [
    `${what} would become the live database, with its own release; nothing was touched.`,
    `What ${serving ?? "the release that serves"} has written since then is not in it; the live database is kept, for --undo.`,
    ...(typeof names === "string" || names.length === 0
      ? []
      : [`Kept already: ${names.map((kept) => kept.name).join(", ")}`]),
    "Next: the same with --yes.",
  ].join("\n");
}

/** For people: what can be restored, newest last. */
async function list(database: Database): Promise<string> {
  const [{ backups, broken }, kept] = await Promise.all([new Store(database).list(), keptDatabases(database)]);
  return [
    ...(backups.length === 0 ? ["no backups"] : []),
    ...backups.map(({ id, bytes, databaseBytes, seconds }) =>
      [id, `dump ${size(bytes)}`, `database ${size(databaseBytes)}`, `taken in ${duration(seconds)}`].join("\t"),
    ),
    ...broken.map((file) => `unusable\t${file}`),
    ...kept.map(({ name, version, bytes }) => [name, `database of ${version}`, size(bytes)].join("\t")),
  ].join("\n");
}
