// Runs one of the scripts of this folder: `node scripts/run.mjs gate`, input on standard input.
// Compiled ahead, because loading fifty TypeScript files takes 0.4 s of a processor that a host with two has better
// use for: an update starts a dozen scripts beside a release that serves. Compiled anew when a source is newer.
import { existsSync, mkdirSync, readdirSync, renameSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const [name] = process.argv.slice(2);
const source = join(root, "scripts", `${name}.ts`);
if (!/^[a-z-]+$/.test(name ?? "") || !existsSync(source)) {
  console.error(`there is no script ${name}`);
  process.exit(2);
}

const compiled = join(root, ".nestfleet/scripts", `${name}.cjs`);
if (!existsSync(compiled) || newestSource() > statSync(compiled).mtimeMs) await compile();
await import(pathToFileURL(compiled).href);

function newestSource() {
  const files = ["scripts", "components"].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true }).map((file) => join(root, folder, file)),
  );
  return Math.max(...[...files, join(root, "package-lock.json")].map((file) => statSync(file).mtimeMs));
}

/** Under a name of its own first: several may do the same at once. */
async function compile() {
  const { buildSync } = await import("esbuild").catch(() => {
    console.error(`the libraries are missing\nNext: (cd ${root} && npm ci)`);
    process.exit(1);
  });
  const temporary = `${compiled}.${process.pid}`;
  mkdirSync(dirname(compiled), { recursive: true });
  buildSync({
    entryPoints: [source],
    bundle: true,
    platform: "node",
    target: "node20",
    outfile: temporary,
    logLevel: "error",
  });
  renameSync(temporary, compiled);
}
