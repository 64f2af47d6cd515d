import { randomBytes } from "node:crypto";
import type { DockerClient } from "../docker/client";
import { UPSTREAMS } from "../../release/names";
import { activeFile, CANDIDATE_TOKEN, candidateFile, UNROUTED } from "./files";

/** Writes a file, or removes it when it has no content. */
export interface Change {
  readonly file: string;
  readonly content: string | undefined;
  /** A secret goes over standard input, into a file that only its owner may read; one of a list of changes at most. */
  readonly secret?: boolean;
}

/** The files in Caddy's config volume. */
export interface ConfigVolume {
  /** Gives the content of each of the files that exist. */
  read(files: readonly string[]): Promise<ReadonlyMap<string, string>>;
  /**
   * Makes the changes in their order. Each file has its old content or its new one at any moment: killed in the middle,
   * some changes have been made and the others have not.
   */
  change(changes: readonly Change[]): Promise<void>;
}

/** Prints the name of each file that exists, then its lines, each behind a space: no content can pass for a name. */
const READ = `
  for file in "$@"; do
    [ -f "$file" ] || continue
    printf '%s\\n' "$file"
    while IFS= read -r line || [ -n "$line" ]; do printf ' %s\\n' "$line"; done <"$file"
  done`;

/** Takes three words for each change. Renaming makes a change at once and whole. */
const CHANGE = `
  set -e
  while [ $# -gt 0 ]; do
    case $1 in
      write) printf %s "$3" >"$2.new"; mv "$2.new" "$2" ;;
      secret) (umask 077; cat >"$2.new"); mv "$2.new" "$2" ;;
      remove) rm -f "$2" ;;
    esac
    shift 3
  done`;

/** The volume as the running proxy has it: every read and every list of changes is one command in its container. */
export class MountedVolume implements ConfigVolume {
  public constructor(
    private readonly docker: DockerClient,
    private readonly caddy: string,
  ) {}

  public async read(files: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const listed = await this.docker.run(["exec", this.caddy, "sh", "-c", READ, "-", ...files]);
    const found = new Map<string, string[]>();
    let lines: string[] = [];
    for (const line of listed.split("\n")) {
      if (line.startsWith(" ")) lines.push(line.slice(1));
      else if (line !== "") found.set(line, (lines = []));
    }
    return new Map([...found].map(([file, content]) => [file, content.join("\n")]));
  }

  public async change(changes: readonly Change[]): Promise<void> {
    const secret = changes.find((change) => change.secret === true)?.content;
    const words = changes.flatMap(({ file, content, secret: isSecret }) => {
      if (content === undefined) return ["remove", file, ""];
      return isSecret === true ? ["secret", file, ""] : ["write", file, content];
    });
    const input = secret === undefined ? [] : ["-i"];
    await this.docker.run(["exec", ...input, this.caddy, "sh", "-c", CHANGE, "-", ...words], secret);
  }
}

/** Makes a value of the candidates' header that is known to the caller alone. */
export function newToken(): string {
  return randomBytes(32).toString("hex");
}

const routes = UPSTREAMS.flatMap((upstream) => [activeFile(upstream), candidateFile(upstream)]);

/**
 * In a shell: gives each file that Caddy must find a first content, before there is a proxy that could be asked to. A
 * file that has some content keeps it.
 */
export const INITIALIZE = [
  ...routes.map((file) => `{ [ -s ${file} ] || echo ${UNROUTED} > ${file}; }`),
  `{ [ -s ${CANDIDATE_TOKEN} ] || { ` +
    `(umask 077 && od -An -v -N32 -tx1 /dev/urandom | tr -d ' \\n' > ${CANDIDATE_TOKEN}.new) && ` +
    `mv ${CANDIDATE_TOKEN}.new ${CANDIDATE_TOKEN}; }; }`,
].join(" && ");
