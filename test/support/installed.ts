import { spawnSync } from "node:child_process";
import { join } from "node:path";

const ROOT = join(__dirname, "../..");

/** A Pulumi CLI, and the environment in which it finds its plugins. */
export interface Installed {
  readonly cli: string;
  readonly environment: NodeJS.ProcessEnv;
}

/** Gives the CLI that the wrapper uses, for a run without the wrapper. */
export function installed(environment: NodeJS.ProcessEnv): Installed {
  const find = "source scripts/toolchain.sh; find_cli; echo $CLI; echo $CLI_HOME";
  const { stdout } = spawnSync("bash", ["-c", find], { cwd: ROOT, encoding: "utf8" });
  const [cli = "", home = ""] = stdout.split("\n");
  const PATH = `${join(cli, "..")}:${process.env["PATH"] ?? ""}`;
  return { cli, environment: { ...environment, PULUMI_SKIP_UPDATE_CHECK: "1", PULUMI_HOME: home, PATH } };
}
