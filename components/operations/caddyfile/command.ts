import { DockerClient } from "../../host/docker/client";
import { onDockerError } from "../../host/docker/errors";
import { asOptions } from "../../host/docker/hardening";
import { unlessStopped } from "../../host/docker/containers";
import { INITIALIZE } from "../../host/routing/config-volume";
import { Refusal, say } from "../../host/output";
import type { Request } from "./request";

/**
 * Writes each file from one line of standard input, whole or not at all; only the owner may read the file. `read` takes one
 * line, so that the next lines are left for the other files and for the Caddyfile.
 */
const WRITE_FILES =
  `{ for file in "$@"; do IFS= read -r content && printf %s "$content" | base64 -d > "$file.new" && ` +
  `chmod 600 "$file.new" && mv "$file.new" "$file" || exit 1; done; }`;

/** Removes the files in the folder `$0` that are not named, such as an old key that Caddy does not read any more. */
const REMOVE_OTHERS =
  'for file in "$0"/*; do for kept in "$@"; do [ "$file" != "$kept" ] || continue 2; done; rm -f "$file"; done';

/**
 * Checks the new Caddyfile with the image that will read it, and only then replaces the old one: a restart in between finds
 * the old or the new file, never an incomplete one. A running proxy reloads its configuration.
 */
export async function applyCaddyfile({
  dockerHost,
  container,
  image,
  volume,
  path,
  caddyfile,
  folder,
  files,
}: Request): Promise<string | undefined> {
  const docker = new DockerClient(dockerHost);
  const mount = `type=volume,source=${volume},target=/config`;
  const checkAndReplace = [
    `mkdir -p ${folder}`,
    WRITE_FILES,
    `cat > ${path}.new`,
    `caddy validate --config ${path}.new --adapter caddyfile`,
    `mv ${path}.new ${path}`,
    INITIALIZE,
  ].join(" && ");
  await onDockerError(
    docker.run(
      [
        "run",
        "--rm",
        "--interactive",
        "--pull=never",
        "--network=none",
        ...asOptions({ capabilities: ["NET_BIND_SERVICE"], logs: false }), // caddy does not start without this capability
        "--mount",
        mount,
        "--entrypoint",
        "sh",
        image,
        "-c",
        checkAndReplace,
        "sh",
        ...files.map((file) => file.path),
      ],
      [...files.map(({ content }) => Buffer.from(content).toString("base64")), caddyfile].join("\n"),
    ),
    ({ stderr }) => {
      throw new Refusal(`Caddy refuses its new configuration; the old one stays in force:\n${stderr.trim()}`);
    },
  );
  const reload = docker.run(["exec", container, "caddy", "reload", "--config", path, "--adapter", "caddyfile"]);
  if ((await unlessStopped(reload)) === undefined) return undefined;
  say("caddy reloaded its configuration");
  await docker.run(["exec", container, "sh", "-c", REMOVE_OTHERS, folder, ...files.map((file) => file.path)]);
  return undefined;
}
