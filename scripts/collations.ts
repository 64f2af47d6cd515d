import { DockerClient } from "../components/docker/client";
import { refreshCollations } from "./lib/collations";
import { Database } from "./lib/database";
import { run } from "./lib/run";
import { request } from "./requests/collations";

/** Rebuilds what a postgres image with another C library has left in the wrong order. Gives how many indexes those were. */
void run(request, async ({ dockerHost, postgres }) =>
  JSON.stringify(await refreshCollations(new Database(new DockerClient(dockerHost), postgres))),
);
