import { realpath } from "node:fs/promises";
import { join } from "node:path";
import { DockerClient } from "../../host/docker/client";
import { onDockerError } from "../../host/docker/errors";
import { withCheckout } from "../../host/source";
import { Refusal, say } from "../../host/output";
import type { Request } from "./request";

const LOG_LINES = 20;

/** Builds one image from a tag of the source, on the Docker host, and gives its id. */
export function buildImage({ dockerHost, source, tag, context, image }: Request): Promise<string | undefined> {
  return withCheckout(source, tag, async (checkout, commit) => {
    say(`building ${image} from ${tag}, commit ${commit}`);
    const docker = new DockerClient(dockerHost);
    await build(docker, { folder: await inside(checkout, context), image, tag });
    return (await docker.run(["image", "inspect", "--format", "{{.Id}}", image])).trim();
  });
}

/**
 * Gives the folder of the image. Refuses a link out of the checkout, which would send other files of this machine to
 * Docker.
 */
async function inside(checkout: string, context: string): Promise<string> {
  const [root, folder] = await Promise.all([realpath(checkout), realpath(join(checkout, context)).catch(() => "")]);
  if (folder === root || folder.startsWith(`${root}/`)) return folder;
  throw new Refusal(`The source has no folder ${context} inside its checkout; nothing was touched.`);
}

/** A folder with a Dockerfile, and the name of its image. */
interface Build {
  readonly folder: string;
  readonly image: string;
  /** The tag of the source. */
  readonly tag: string;
}

async function build(docker: DockerClient, { folder, image, tag }: Build): Promise<void> {
  await onDockerError(docker.run(["build", "--force-rm", "--tag", image, folder]), ({ stdout, stderr }) => {
    const log = `${stdout}${stderr}`.trim().split("\n").slice(-LOG_LINES).join("\n");
    throw new Refusal(`${image} cannot be built from ${tag}; nothing was touched. Docker says:\n${log}`);
  });
}
