import { DockerClient } from "../../host/docker/client";
import { Database } from "../../host/database/database";
import { say } from "../../host/output";
import { signThoseOfBefore } from "../trust/signatures";
import type { Request } from "./request";

/** Signs, once, the backups that the stack took before it had a key. Gives how many, as JSON. */
export async function sign({ dockerHost, postgres }: Request): Promise<string | undefined> {
  const count = await signThoseOfBefore(new Database(new DockerClient(dockerHost), postgres));
  if (count > 0) say(`signed ${count === 1 ? "1 backup" : `${count} backups`} from before this stack had a key`);
  return JSON.stringify({ signed: count });
}
