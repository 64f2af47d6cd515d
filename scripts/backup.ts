import { z } from "zod";
import { DockerClient } from "../components/docker/client";
import { parseVersion } from "../components/release/version";
import { alone } from "./lib/alone";
import { takeBackup } from "./lib/backup";
import { interruptible } from "./lib/interruption";
import { change, recorded } from "./lib/record";
import { Refusal, run } from "./lib/run";
import { findStack } from "./lib/stack";

const tag = z.string().refine((text) => parseVersion(text)?.tag === text, "a release's tag");

const input = z.object({
  dockerHost: z.string(),
  /** The only one on the host, when it is not named. */
  stack: z.string().optional(),
  /** The database's container; found by its label when it is not named. */
  postgres: z.string().optional(),
  /** Tag of the release that serves; needed only where no container tells. */
  version: tag.optional(),
  keep: z.int().min(1).optional(),
  acceptSmaller: z.boolean().default(false),
  /** Whether it must not be far smaller than the one before. */
  compared: z.boolean().default(true),
  /** Ids that stay, however old they are: the config names them. */
  spare: z.array(z.string()).default([]),
  /** What the update changes; a refusal is written into the history. */
  release: change.optional(),
  /** The update has the stack's lock. */
  partOfUpdate: z.boolean().default(false),
  /** Whether the backup is restored right afterwards, which reads it better than reading it back here. */
  rehearsal: z.enum(["full", "restore", "off"]).default("off"),
});
type Input = z.infer<typeof input>;

/** Backs up a stack's database. Gives `{"backup": ID}`, or `{"backup": null}` on a first install. */
void run(input, async (asked) => {
  const docker = new DockerClient(asked.dockerHost);
  const { stack, ...found } = await subject(docker, asked);
  const { keep, acceptSmaller, compared, rehearsal, spare } = asked;
  const request = { ...found, keep, acceptSmaller, compared, spare, readBack: rehearsal === "off" };
  const step = asked.release && { ...asked.release, stack, postgres: found.postgres, started: Date.now() };
  const take = () =>
    interruptible((signal) => recorded(docker, step, signal, () => takeBackup(docker, request, signal)));
  const manifest = asked.partOfUpdate ? await take() : await alone(docker, stack, take);
  return JSON.stringify({ backup: manifest?.id ?? null, bytes: manifest?.bytes ?? 0, seconds: manifest?.seconds ?? 0 });
});

async function subject(docker: DockerClient, { stack, postgres, version }: Input) {
  const found = await findStack(docker, stack);
  const serving = found.version ?? version;
  if (serving === undefined)
    throw new Refusal(
      `No api of the stack ${found.stack} serves, so it is not known which release the data is of.\nNext: say it with --version 1.4.2`,
    );
  return { stack: found.stack, postgres: postgres ?? found.postgres, version: serving, images: found.images };
}
