// Loads a TypeScript file of this project, and all that it imports, as one compiled file from .nestfleet/scripts/.
// Loading hundreds of TypeScript files would take 0.4 s of processor time, and an update loads a dozen scripts while
// the old release serves, maybe on a host with two processors. The file is compiled anew when the content of a source
// changes. Times do not count: rsync, tar and docker cp bring sources that are older than the file compiled from their
// predecessors.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import Module, { SourceMap } from "node:module";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

export const root = dirname(dirname(fileURLToPath(import.meta.url)));
const folder = join(root, ".nestfleet/scripts");

/**
 * The packages that do not become part of a compiled file. libpg-query looks for its WebAssembly beside itself. There
 * must be only one copy of @pulumi/pulumi, the one that runs the program.
 */
const EXTERNAL = ["libpg-query", "@pulumi/*"];

/** Gives the exports of `entry`, a path in this project. Throws a CompileError that says what to do. */
export async function load(entry) {
  const { file, text, map } = await compiled(entry);
  process.env.NESTFLEET_PROJECT = root;
  Error.prepareStackTrace = tracesIn(file, map);
  const module = new Module(file);
  module.filename = file;
  module.paths = Module._nodeModulePaths(folder);
  module._compile(text, file);
  return module.exports;
}

export class CompileError extends Error {}

async function compiled(entry) {
  for (;;) {
    const hash = sources(entry);
    const file = join(folder, `${basename(entry, ".ts")}.${hash}.cjs`);
    const text = readIfThere(file);
    if (text !== undefined) return { file, text, map: () => readIfThere(`${file}.map`) };
    const made = await compile(entry, file);
    // The sources have changed meanwhile: compiled again, because the file's name must match its content.
    if (sources(entry) !== hash) continue;
    keep(file, made);
    return { file, text: made.text, map: () => made.map };
  }
}

/** A hash of the names and contents of everything that a compiled file is made of. */
function sources(entry) {
  const hash = createHash("sha256");
  const files = ["scripts", "components"].flatMap((from) =>
    readdirSync(join(root, from), { recursive: true }).map((file) => join(from, file)),
  );
  const own = files.filter((file) => /\.(ts|mjs|json)$/.test(file)).sort();
  for (const file of new Set([...own, entry, "package-lock.json", "tsconfig.json"]))
    hash
      .update(`${file}\0`)
      .update(readIfThere(join(root, file)) ?? "")
      .update("\0");
  return hash.digest("hex").slice(0, 16);
}

/** The content of a file. Undefined also for a file of another user that cannot be read: it is made again. */
function readIfThere(file) {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}

async function compile(entry, outfile) {
  const { buildSync } = await import("esbuild").catch(() => {
    throw new CompileError(`the libraries are missing\nNext: (cd ${root} && npm ci)`);
  });
  try {
    const { outputFiles } = buildSync({
      absWorkingDir: root,
      entryPoints: [entry],
      bundle: true,
      platform: "node",
      target: "node20",
      outfile,
      sourcemap: "external",
      sourcesContent: false,
      write: false,
      logLevel: "silent",
      external: EXTERNAL,
    });
    const ending = (end) => outputFiles.find(({ path }) => path.endsWith(end)).text;
    return { text: ending(".cjs"), map: ending(".map") };
  } catch (error) {
    throw new CompileError(
      `${entry} cannot be compiled: ${error.message.trim()}\n` +
        `Next: (cd ${root} && npm ci); if this message comes again, look what was changed: git -C ${root} status`,
    );
  }
}

/**
 * Keeps a compiled file for the next run, and removes those of other sources. Several runs may do this at once, and
 * none finds an incomplete file. If the folder is not writable, as in a preview of a read-only checkout, the next run
 * compiles again, which only takes time.
 */
function keep(file, { text, map }) {
  try {
    mkdirSync(folder, { recursive: true });
    for (const [path, content] of [
      [`${file}.map`, map],
      [file, text],
    ]) {
      writeFileSync(`${path}.${process.pid}`, content);
      renameSync(`${path}.${process.pid}`, path);
    }
    const [name] = basename(file).split(".");
    for (const other of readdirSync(folder))
      if (/^[a-z-]+\.[0-9a-f]{16}\.cjs(\.map)?$/.test(other) && other.startsWith(`${name}.`))
        if (!other.startsWith(basename(file))) rmSync(join(folder, other), { force: true });
  } catch {
    // see above
  }
}

/**
 * Makes stack traces show the lines of the sources. Traces of the SDK are left as they are: it records the stack of
 * each promise that it makes, and mapping those with source-map-support took 0.3 s of a program's 2 s of processor
 * time.
 */
function tracesIn(file, map) {
  let known;
  const inSources = (site) => {
    if (site.getFileName() !== file) return String(site);
    known ??= new SourceMap(JSON.parse(map() ?? '{"version":3,"sources":[],"names":[],"mappings":""}'));
    const [line, column] = [site.getLineNumber(), site.getColumnNumber()];
    const { originalSource, originalLine, originalColumn } = known.findEntry(line - 1, column - 1);
    if (originalSource === undefined) return String(site);
    const place = `${resolve(folder, originalSource)}:${originalLine + 1}:${originalColumn + 1}`;
    return String(site).replace(`${file}:${line}:${column}`, place);
  };
  return (error, sites) => {
    const isOfTheSdk = sites[0]?.getFileName()?.includes("/node_modules/@pulumi/") === true;
    return [Error.prototype.toString.call(error), ...sites.map(isOfTheSdk ? String : inSources)].join("\n    at ");
  };
}
