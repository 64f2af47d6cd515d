import { join } from "node:path";
import { DockerClient, DockerError } from "../components/docker/client";
import { withCheckout } from "../components/host/source";
import { Refusal, run, say } from "./lib/run";
import { request } from "./requests/build-image";

const LOG_LINES = 20;

/** Builds one image from a tag of the source, on the Docker host, and gives its id. */
void run(request, ({ dockerHost, source, tag, context, image }) => {
  say(`building ${image} from ${tag}`);
  return withCheckout(source, tag, async (checkout) => {
    const docker = new DockerClient(dockerHost);
    await build(docker, join(checkout, context), image, tag);
    return (await docker.run(["image", "inspect", "--format", "{{.Id}}", image])).trim();
  });
});

async function build(docker: DockerClient, folder: string, image: string, tag: string): Promise<void> {
  try {
    await docker.run(["build", "--force-rm", "--tag", image, folder]);
  } catch (error) {
    if (!(error instanceof DockerError)) throw error;
    const log = `${error.stdout}${error.stderr}`.trim().split("\n").slice(-LOG_LINES).join("\n");
    throw new Refusal(`${image} cannot be built from ${tag}; nothing was touched. Docker says:\n${log}`);
  }
}
