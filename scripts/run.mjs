// Runs one of the scripts of this folder: `node scripts/run.mjs gate`, input on standard input, or typed by a person
// after `--`: `node scripts/run.mjs backup -- --keep 7`.
// Compiled ahead, because loading fifty TypeScript files takes 0.4 s of a processor that a host with two has better
// use for: an update starts a dozen scripts beside a release that serves. Compiled anew for other sources: what counts
// is what they say, because rsync, tar and docker cp bring files that are older than what was compiled before them.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const compiledScripts = join(root, ".nestfleet/scripts");
const [name] = process.argv.slice(2);
const source = join(root, "scripts", `${name}.ts`);
if (!/^[a-z-]+$/.test(name ?? "") || !existsSync(source)) {
  console.error(`there is no script ${name}`);
  process.exit(2);
}

const compiled = join(compiledScripts, `${name}.${sources()}.cjs`);
if (!existsSync(compiled)) await compile();
// docker finds our ssh first, which shares connections.
process.env.PATH = `${join(root, "scripts/path")}:${process.env.PATH ?? ""}`;
process.env.NESTFLEET_PROJECT = root;
process.env.NESTFLEET_PULUMI ??= cli();
// Passphrase and access token are for the CLI, which only this one calls.
if (name !== "recover")
  for (const key of Object.keys(process.env)) if (key.startsWith("PULUMI_")) delete process.env[key];
await import(pathToFileURL(compiled).href);

/** Names and contents of everything that a compiled script is made of. */
function sources() {
  const hash = createHash("sha256");
  const files = ["scripts", "components"].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true }).map((file) => join(folder, file)),
  );
  for (const file of [...files.filter((file) => /\.(ts|mjs|json)$/.test(file)).sort(), "package-lock.json"])
    hash
      .update(`${file}\0`)
      .update(readFileSync(join(root, file)))
      .update("\0");
  return hash.digest("hex").slice(0, 16);
}

/** How Pulumi is called where a script was started by hand: where state or CLI are ours, only the wrapper finds them. */
function cli() {
  const ours = ["state", "pulumi/bin/pulumi"].some((file) => existsSync(join(root, ".nestfleet", file)));
  return ours ? "scripts/pulumi" : "pulumi";
}

/** Under a name of its own first: several may do the same at once. What other sources had been compiled to goes. */
async function compile() {
  const { buildSync } = await import("esbuild").catch(() => {
    console.error(`the libraries are missing\nNext: (cd ${root} && npm ci)`);
    process.exit(1);
  });
  const temporary = `${compiled}.${process.pid}`;
  mkdirSync(compiledScripts, { recursive: true });
  buildSync({
    entryPoints: [source],
    bundle: true,
    platform: "node",
    target: "node20",
    outfile: temporary,
    logLevel: "error",
    // It looks for its WebAssembly beside itself.
    external: ["libpg-query"],
  });
  renameSync(temporary, compiled);
  const others = readdirSync(compiledScripts).filter((file) => file.startsWith(`${name}.`) && file.endsWith(".cjs"));
  for (const file of others)
    if (join(compiledScripts, file) !== compiled) rmSync(join(compiledScripts, file), { force: true });
}
