import { chmodSync, copyFileSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { buildSync } from "esbuild";
import { releases } from "./releases";
import type { Release } from "./releases";

/**
 * Writes what `docker build` needs, one directory a release, laid out like the published source:
 * the api's context is the directory itself, `worker/` and `console/` are contexts of their own.
 * The bundles are made here, so that no build needs the network.
 */
function stage(source: string, target: string, release: Release): void {
  rmSync(target, { recursive: true, force: true });
  bundle(source, join(target, "dist"), release, "src", ["src/index.ts", "src/infra/db/migrate.ts"]);
  bundle(source, join(target, "worker/dist"), release, "src", ["src/worker.ts"]);
  bundle(source, join(target, "console/dist"), release, "console/src", ["console/src/index.ts"]);
  copyFileSync(join(source, ".dockerignore"), join(target, ".dockerignore"));
  for (const directory of [".", "worker", "console"]) {
    const dockerfile = readFileSync(join(source, directory, "Dockerfile"), "utf8");
    writeFileSync(join(target, directory, "Dockerfile"), dockerfile.replace(/^ARG VERSION=$/m, `$&${release.version}`));
  }
  mkdirSync(join(target, "migrations"));
  for (const filename of release.migrations) {
    copyFileSync(join(source, "migrations", filename), join(target, "migrations", filename));
  }
  makeReadable(target);
}

function bundle(source: string, outdir: string, release: Release, outbase: string, entries: readonly string[]): void {
  buildSync({
    absWorkingDir: source,
    entryPoints: [...entries],
    outbase,
    outdir,
    bundle: true,
    platform: "node",
    target: "node20",
    // Optional companions of pg and ws: both do without them.
    external: ["pg-native", "bufferutil", "utf-8-validate"],
    define: { __RELEASE__: JSON.stringify(release) },
    logLevel: "error",
  });
}

/** The containers run as another user than the one whose umask made these files. */
function makeReadable(directory: string): void {
  chmodSync(directory, 0o755);
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) makeReadable(path);
    else chmodSync(path, 0o644);
  }
}

const [source = "", target = "", ...wanted] = process.argv.slice(2);
const unknown = wanted.filter((version) => !releases.some((release) => release.version === version));
if (source === "" || target === "" || unknown.length > 0) {
  const known = releases.map((release) => release.version).join(" ");
  const problem = unknown.length > 0 ? `no release ${unknown.join(", ")}; there are ${known}` : "usage: stage SOURCE TARGET [RELEASE...]";
  process.stderr.write(`${problem}\n`);
  process.exit(2);
}
for (const release of releases) {
  if (wanted.length > 0 && !wanted.includes(release.version)) continue;
  stage(resolve(source), join(resolve(target), release.version), release);
  process.stdout.write(`${release.version}\n`);
}
