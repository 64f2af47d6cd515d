import type { DockerClient } from "./client";
import type { ImageReferences } from "../../release/images";
import { OWN_VERSION } from "../../release/names";
import { unlessDockerFails } from "./errors";
import type { ImageFacts, OtherImage, RunningContainer } from "../../release/facts";
import { look } from "./look";
import type { ImageInspection } from "../target";

/**
 * Prints the operating system, the C library, whether PostgreSQL was built with lz4, and each extension with its version:
 * a line each, separated by tabs. With -C, `postgres` checks the settings that it is given, prints one and ends; it needs
 * no data for that, and may be root.
 */
const DESCRIBE = `
  if [ -r /etc/os-release ]; then . /etc/os-release; printf 'system\\t%s\\n' "\${PRETTY_NAME:-}"; fi
  printf 'library\\t%s\\n' "$(ldd --version 2>&1 | head -n 2 | tr '\\n' ' ')"
  if command -v postgres >/dev/null; then
    lz4=no
    [ "$(postgres -C default_toast_compression -D / -c config_file=/dev/null \
      -c default_toast_compression=lz4 2>/dev/null)" != lz4 ] || lz4=yes
    printf 'lz4\\t%s\\n' "$lz4"
  fi
  for file in /usr/share/postgresql/extension/*.control /usr/share/postgresql/*/extension/*.control \\
    /usr/local/share/postgresql/extension/*.control /usr/share/postgresql*/extension/*.control; do
    [ -f "$file" ] || continue
    name=\${file##*/}
    printf 'extension\\t%s\\t%s\\n' "\${name%.control}" \\
      "$(sed -n "s/^default_version *= *'\\(.*\\)'.*/\\1/p" "$file" | head -n 1)"
  done`;

const LONGEST = 80;
const SECONDS = 30;

/** The running containers, and the images that the names in the config mean. */
interface Compared {
  readonly containers: readonly RunningContainer[];
  readonly references: ImageReferences;
  /** Images by name; text is the reason why an image could not be pulled. */
  readonly fetched: ReadonlyMap<string, ImageInspection | string>;
}

/**
 * Finds out where postgres or caddy runs another image than the config names now: its line was changed, or the same tag
 * names another image today. Only where the images differ, a container of the new image, without a network, describes
 * what is in it.
 */
export async function otherImages(
  docker: DockerClient,
  { containers, references, fetched }: Compared,
): Promise<OtherImage[]> {
  const others: OtherImage[] = [];
  for (const role of OWN_VERSION) {
    const container = containers.find((one) => one.role === role && one.running);
    const image = fetched.get(references[role]);
    if (container === undefined || image === undefined || typeof image === "string") continue;
    if (container.imageId === image.Id) continue;
    const reference = references[role];
    const [running, wanted] = [{ id: container.imageId }, { id: image.Id, created: image.Created }];
    const inside = (...shell: string[]) => docker.run(["exec", container.name, ...shell], "", SECONDS);
    const beside = (shell: string, ...rest: string[]) =>
      look(docker, [`--entrypoint=${shell}`, image.Id, ...rest], SECONDS);
    others.push({
      role,
      reference,
      moved: container.version === reference,
      running: { ...running, ...(await described(role, inside)) },
      wanted: { ...wanted, ...(await described(role, beside)) },
    });
  }
  return others;
}

/** Describes an image. For caddy it does not matter what else is in the image. */
async function described(
  role: string,
  run: (shell: string, ...rest: string[]) => Promise<string>,
): Promise<Omit<ImageFacts, "id" | "created">> {
  if (role !== "postgres") return {};
  const said = await unlessDockerFails(run("sh", "-c", DESCRIBE), "");
  const lines = said.split("\n").map((line) => line.split("\t"));
  const value = (name: string) => lines.find(([key]) => key === name)?.[1] ?? "";
  const extensions = lines.flatMap(([key, name = "", version = ""]) =>
    key === "extension" && /^[\w-]+$/.test(name) && /^[\w.+-]+$/.test(version) ? [[name, version] as const] : [],
  );
  return {
    system: printable(value("system")),
    library: libraryOf(value("library")),
    ...(/^(?:yes|no)$/.test(value("lz4")) && { readsLz4: value("lz4") === "yes" }),
    ...(extensions.length > 0 && { extensions: Object.fromEntries(extensions) }),
  };
}

/** Reads the C library from `ldd (Debian GLIBC 2.41-12) 2.41 …`, or `musl libc (x86_64) Version 1.2.5`. */
export function libraryOf(text: string): string | undefined {
  const glibc = /^ldd \([^)]*\) (\d[\d.]*)/.exec(text)?.[1];
  if (glibc !== undefined) return `glibc ${glibc}`;
  const musl = /^musl libc.*?Version (\d[\d.]*)/.exec(text)?.[1];
  return musl === undefined ? undefined : `musl ${musl}`;
}

/** An image may print any text. */
function printable(text: string): string | undefined {
  const shown = text.replace(/[^\x20-\x7e]/g, "").slice(0, LONGEST);
  return shown === "" ? undefined : shown;
}
