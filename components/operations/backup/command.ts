import type { z } from "zod";
import { DockerClient } from "../../host/docker/client";
import { parseVersion } from "../../release/version";
import { withStackLock } from "../../host/lock";
import { takeBackup } from "./backup";
import { misused, parse, PLACE, place } from "../../host/command-line";
import { interruptible } from "../../host/interruption";
import { prove } from "./prove";
import { recorded } from "../history/record";
import { Refusal } from "../../host/output";
import { findStack } from "../../host/stack";
import type { Request, request } from "./request";

/** Backs up a stack's database. Gives `{"backup": ID}`, or `{"backup": null}` on a first install. */
export async function backUp(asked: Request): Promise<string> {
  const docker = new DockerClient(asked.dockerHost);
  const { running, ...found } = await subject(docker, asked);
  const { stack } = running;
  const { keep, acceptSmaller, compared, rehearsal, spare } = asked;
  const request = { ...found, keep, acceptSmaller, compared, spare, readBack: rehearsal === "off" };
  const step = asked.release && { ...asked.release, stack, postgres: found.postgres, started: Date.now() };
  const take = () =>
    interruptible((signal) => recorded(docker, { step, signal }, () => takeBackup(docker, request, signal)));
  const manifest = asked.partOfUpdate ? await take() : await withStackLock(docker, stack, take);
  // Without the stack's lock: an update may go on beside it.
  if (asked.prove && manifest) await interruptible((signal) => prove(docker, running, manifest, signal));
  return JSON.stringify({ backup: manifest?.id ?? null, bytes: manifest?.bytes ?? 0, seconds: manifest?.seconds ?? 0 });
}

const USAGE =
  "scripts/backup.sh [--stack NAME] [--docker-host HOST] [--keep N] [--version TAG] [--accept-smaller] [--prove]";

export async function typed(words: readonly string[]): Promise<z.input<typeof request>> {
  const { values, positionals } = parse(
    words,
    {
      ...PLACE,
      keep: { type: "string" },
      version: { type: "string" },
      "accept-smaller": { type: "boolean" },
      prove: { type: "boolean" },
    },
    USAGE,
  );
  const { keep, version } = values;
  if (positionals.length > 0) throw misused(`unexpected argument '${positionals.join(" ")}'`, USAGE);
  if (keep !== undefined && !/^[1-9][0-9]{0,3}$/.test(keep))
    throw misused("--keep takes a whole number from 1 to 9999", USAGE);
  if (version !== undefined && parseVersion(version)?.tag !== version)
    throw misused(`--version takes the tag of a release, such as 1.4.2; '${version}' is not a tag`, USAGE);
  return {
    ...(await place(values)),
    ...(version !== undefined && { version }),
    ...(keep !== undefined && { keep: Number(keep) }),
    acceptSmaller: values["accept-smaller"] === true,
    prove: values.prove === true,
  };
}

async function subject(docker: DockerClient, { stack, postgres, version }: Request) {
  const found = await findStack(docker, stack);
  const serving = found.version ?? version;
  if (serving === undefined)
    throw new Refusal(
      `No api of the stack ${found.stack} serves, so it is not known to which release the data belong.\nNext: name the release with --version VERSION`,
    );
  const running = { ...found, postgres: postgres ?? found.postgres };
  return { running, postgres: running.postgres, version: serving, images: found.images };
}
