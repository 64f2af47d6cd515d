// Runs one of the scripts of this folder. The input comes on standard input (`node scripts/run.mjs gate`), or from an
// operator, after `--` (`node scripts/run.mjs backup -- --keep 7`).
import { existsSync } from "node:fs";
import { join } from "node:path";
import { CompileError, load, root } from "./compile.mjs";

const [name] = process.argv.slice(2);
if (!/^[a-z-]+$/.test(name ?? "") || !existsSync(join(root, "scripts", `${name}.ts`))) {
  console.error(`there is no script ${name}`);
  process.exit(2);
}

// The docker client finds scripts/path/ssh first, which shares connections.
process.env.PATH = `${join(root, "scripts/path")}:${process.env.PATH ?? ""}`;
process.env.NESTFLEET_PULUMI ??= cli();
// Only `recover` calls the Pulumi CLI, so no other script gets the passphrase and the access token.
if (name !== "recover")
  for (const key of Object.keys(process.env)) if (key.startsWith("PULUMI_")) delete process.env[key];
await load(`scripts/${name}.ts`).catch((error) => {
  if (!(error instanceof CompileError)) throw error;
  console.error(error.message);
  process.exit(1);
});

/** The command to print for Pulumi. If state or CLI are in .nestfleet, only the wrapper scripts/pulumi finds them. */
function cli() {
  const ours = ["state", "pulumi/bin/pulumi"].some((file) => existsSync(join(root, ".nestfleet", file)));
  return ours ? "scripts/pulumi" : "pulumi";
}
