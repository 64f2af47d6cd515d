import { existsSync, readFileSync } from "node:fs";

/** The file into which `npm test` writes the exit code of scripts/check.sh, which runs beside the unit tests. */
const result = process.env["NESTFLEET_CHECK"];

/** Waits for the checks: no test on a Docker engine begins before types, lint and format have passed. */
if (result !== undefined) {
  while (!existsSync(result)) await new Promise((resolve) => setTimeout(resolve, 200));
  if (readFileSync(result, "utf8").trim() !== "0")
    throw new Error("scripts/check.sh has failed, so this file is not run. Its output is at the end.");
}
