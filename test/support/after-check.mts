import { existsSync, readFileSync } from "node:fs";

/** Where `npm test` writes the exit code of scripts/check.sh, which runs beside the unit tests. */
const result = process.env["NESTFLEET_CHECK"];

/** Nothing is tried on the engine before types, lint and format are known to be right. */
if (result !== undefined) {
  while (!existsSync(result)) await new Promise((resolve) => setTimeout(resolve, 200));
  if (readFileSync(result, "utf8").trim() !== "0")
    throw new Error("scripts/check.sh has failed, so this file is not run. What it says stands at the end.");
}
