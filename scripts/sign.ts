import { DockerClient } from "../components/docker/client";
import { Database } from "./lib/database";
import { run, say } from "./lib/run";
import { signThoseOfBefore } from "./lib/signatures";
import { request } from "./requests/sign";

/** The stack has got its key: what it has backed up before is signed with it, once. */
void run(request, async ({ dockerHost, postgres }) => {
  const count = await signThoseOfBefore(new Database(new DockerClient(dockerHost), postgres));
  if (count > 0)
    say(count === 1 ? "1 backup from before is signed now" : `${count} backups from before are signed now`);
  return JSON.stringify({ signed: count });
});
