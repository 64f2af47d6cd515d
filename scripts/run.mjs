// Runs one of the scripts of this folder: `node scripts/run.mjs gate`, input on standard input, or typed by a person
// after `--`: `node scripts/run.mjs backup -- --keep 7`.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { CompileError, load, root } from "./compile.mjs";

const [name] = process.argv.slice(2);
if (!/^[a-z-]+$/.test(name ?? "") || !existsSync(join(root, "scripts", `${name}.ts`))) {
  console.error(`there is no script ${name}`);
  process.exit(2);
}

// docker finds our ssh first, which shares connections.
process.env.PATH = `${join(root, "scripts/path")}:${process.env.PATH ?? ""}`;
process.env.NESTFLEET_PULUMI ??= cli();
// Passphrase and access token are for the CLI, which only this one calls.
if (name !== "recover")
  for (const key of Object.keys(process.env)) if (key.startsWith("PULUMI_")) delete process.env[key];
await load(`scripts/${name}.ts`).catch((error) => {
  if (!(error instanceof CompileError)) throw error;
  console.error(error.message);
  process.exit(1);
});

/** How Pulumi is called where a script was started by hand: where state or CLI are ours, only the wrapper finds them. */
function cli() {
  const ours = ["state", "pulumi/bin/pulumi"].some((file) => existsSync(join(root, ".nestfleet", file)));
  return ours ? "scripts/pulumi" : "pulumi";
}
