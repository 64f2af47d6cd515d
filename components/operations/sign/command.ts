import { DockerClient } from "../../host/docker/client";
import { Database } from "../../host/database/database";
import { say } from "../../host/output";
import { signThoseOfBefore } from "../trust/signatures";
import type { Request } from "./request";

/** The stack has got its key: what it has backed up before is signed with it, once. */
export async function sign({ dockerHost, postgres }: Request): Promise<string | undefined> {
  const count = await signThoseOfBefore(new Database(new DockerClient(dockerHost), postgres));
  if (count > 0)
    say(count === 1 ? "1 backup from before is signed now" : `${count} backups from before are signed now`);
  return JSON.stringify({ signed: count });
}
