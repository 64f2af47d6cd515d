import { z } from "zod";
import { DockerClient, DockerError } from "../components/docker/client";
import { NOBODY, pointer } from "../components/services/upstream";
import { inspectContainer } from "./lib/containers";
import { Refusal, run, say } from "./lib/run";

const input = z.object({
  dockerHost: z.string(),
  /** The proxy's container; it may not exist yet. */
  container: z.string(),
  image: z.string(),
  volume: z.string(),
  /** Where the Caddyfile lies in the volume, as the container sees it. */
  path: z.string(),
  caddyfile: z.string(),
});

/**
 * Checks the new Caddyfile with the image that will read it, and only then puts it in the place of the old one: a
 * restart between the two steps finds one or the other, never half a file. A running proxy reloads.
 */
void run(input, async ({ dockerHost, container, image, volume, path, caddyfile }) => {
  const docker = new DockerClient(dockerHost);
  const mount = `type=volume,source=${volume},target=/config`;
  const pointers = (["api", "console"] as const)
    .map(pointer)
    .map((file) => `{ [ -s ${file} ] || echo ${NOBODY} > ${file}; }`);
  const checkAndReplace = [
    `cat > ${path}.new`,
    `caddy validate --config ${path}.new --adapter caddyfile`,
    `mv ${path}.new ${path}`,
    ...pointers,
  ].join(" && ");
  try {
    await docker.run(
      [
        "run",
        "--rm",
        "--interactive",
        "--network",
        "none",
        "--mount",
        mount,
        "--entrypoint",
        "sh",
        image,
        "-c",
        checkAndReplace,
      ],
      caddyfile,
    );
  } catch (error) {
    if (error instanceof DockerError)
      throw new Refusal(`Caddy refuses its new configuration; the one before stays in force:\n${error.stderr.trim()}`);
    throw error;
  }
  if ((await inspectContainer(docker, container))?.State.Running !== true) return undefined;
  await docker.run(["exec", container, "caddy", "reload", "--config", path, "--adapter", "caddyfile"]);
  say("caddy reloaded its configuration");
  return undefined;
});
