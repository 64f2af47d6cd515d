import type { DockerClient } from "../docker/client";
import { look } from "../docker/look";
import { oneLine } from "../../release/words";
import type { Parameters } from "../../release/parameters";

const SECONDS = 30;
const LONGEST = 200;

/**
 * Lets the server of an image check parameters, one by one. For each that it rejects, this prints a line with the number of
 * its argument, and the server's words below, indented. With -C, `postgres` checks the settings that it is given, prints
 * one and ends; it needs no data for that, and may be root. Prints nothing where that does not work at all.
 */
const CHECK = `
  accepts() { LC_ALL=C postgres -C track_commit_timestamp -D / -c config_file=/dev/null "$@" 2>&1 >/dev/null; }
  accepts >/dev/null || exit 0
  number=0
  for parameter in "$@"; do
    said=$(accepts -c "$parameter") || printf '%s\\n%s\\n' "$number" "$(printf '%s' "$said" | sed 's/^/ /')"
    number=$((number + 1))
  done`;

/** Gives the parameters that the server of this image rejects, with its words. It runs in a container without a network. */
export async function rejectedParameters(
  docker: DockerClient,
  image: string,
  parameters: Parameters,
): Promise<{ name: string; why: string }[]> {
  const entries = Object.entries(parameters);
  if (entries.length === 0) return [];
  const args = entries.map((entry) => entry.join("="));
  const said = await look(docker, ["--entrypoint=sh", image, "-c", CHECK, "-", ...args], SECONDS);
  const parts = said.split(/^(\d+)\n/m).slice(1);
  return parts.flatMap((number, index) => {
    const name = index % 2 === 0 ? entries[Number(number)]?.[0] : undefined;
    return name === undefined ? [] : [{ name, why: reasonIn(parts[index + 1] ?? "") }];
  });
}

/** The words of the server, without time and process: `FATAL:  invalid value for parameter "jit": "x"`, and its hint. */
function reasonIn(said: string): string {
  const words = [...said.matchAll(/(?:FATAL|ERROR|DETAIL|HINT): +(.*)/g)].map(([, text = ""]) => text);
  return oneLine(words.join("; ")).slice(0, LONGEST) || "the server gives no reason";
}
