import { chmodSync, copyFileSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { buildSync } from "esbuild";
import { releases } from "./releases";
import type { Release } from "./releases";

/**
 * Writes the build contexts of one release, laid out like the published source: the directory itself is the api's
 * context, `worker/` and `console/` are contexts of their own. The bundles are made here, so that no build needs the
 * network.
 */
function stage(source: string, target: string, release: Release): void {
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
    // Optional libraries of pg and ws, which work without them.
    external: ["pg-native", "bufferutil", "utf-8-validate"],
    define: { __RELEASE__: JSON.stringify(release) },
    logLevel: "error",
  });
}

/** Makes the files readable for all, because the containers run as another user than the one who made them. */
function makeReadable(directory: string): void {
  chmodSync(directory, 0o755);
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) makeReadable(path);
    else chmodSync(path, 0o644);
  }
}

const [source, target] = process.argv.slice(2);
if (source === undefined || target === undefined) throw new Error("usage: stage SOURCE TARGET");
rmSync(target, { recursive: true, force: true });
for (const release of releases) stage(resolve(source), join(resolve(target), release.version), release);
