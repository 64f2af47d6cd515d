import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";

const SCRIPT = join(__dirname, "../images/engine.sh");

/** Gives the folder of the newest Docker engine that Debian has. If it is missing, it is made, which takes a minute. */
export async function newestEngine(): Promise<string> {
  const { stdout } = await promisify(execFile)(SCRIPT);
  return stdout.trim();
}
