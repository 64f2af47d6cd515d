import { randomBytes } from "node:crypto";
import type { DockerClient } from "../docker/client";
import { UPSTREAMS } from "../../release/names";
import { activeFile, CANDIDATE_TOKEN, candidateFile, UNROUTED } from "./files";

/** Writes a file, or removes it when it has no content. */
export interface Change {
  readonly file: string;
  readonly content: string | undefined;
  /** A secret goes over standard input into a file that only its owner may read. A list of changes has at most one. */
  readonly secret?: boolean;
}

/** The files in Caddy's config volume. */
export interface ConfigVolume {
  /** Gives the content of each of the files that exist. */
  read(files: readonly string[]): Promise<ReadonlyMap<string, string>>;
  /**
   * Makes the changes in their order. At any moment, each file has its old or its new content: after a kill in the
   * middle, some changes are complete, and the others are not begun.
   */
  change(changes: readonly Change[]): Promise<void>;
}

/** Prints the name of each existing file, then its lines, each after a space: so no content looks like a name. */
const READ = `
  for file in "$@"; do
    [ -f "$file" ] || continue
    printf '%s\\n' "$file"
    while IFS= read -r line || [ -n "$line" ]; do printf ' %s\\n' "$line"; done <"$file"
  done`;

/** Takes three words for each change. A rename makes each change atomic. */
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

/** The volume in the container of the running proxy. Every read, and every list of changes, is one command there. */
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

/** Makes a value for the candidates' header that only the caller knows. */
export function newToken(): string {
  return randomBytes(32).toString("hex");
}

const routes = UPSTREAMS.flatMap((upstream) => [activeFile(upstream), candidateFile(upstream)]);

/**
 * Shell that gives a first content to each file that Caddy must find, before there is a proxy that could write it. A
 * file with content keeps that.
 */
export const INITIALIZE = [
  ...routes.map((file) => `{ [ -s ${file} ] || echo ${UNROUTED} > ${file}; }`),
  `{ [ -s ${CANDIDATE_TOKEN} ] || { ` +
    `(umask 077 && od -An -v -N32 -tx1 /dev/urandom | tr -d ' \\n' > ${CANDIDATE_TOKEN}.new) && ` +
    `mv ${CANDIDATE_TOKEN}.new ${CANDIDATE_TOKEN}; }; }`,
].join(" && ");
