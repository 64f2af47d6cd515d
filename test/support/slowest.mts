import { readFileSync } from "node:fs";
import { join, relative } from "node:path";
import type { TestReport } from "./report.mjs";

const ROOT = join(import.meta.dirname, "../..");
const SHOWN = 10;

/** `slowest.mts REPORT`: prints the slowest files of a run, and how many tests passed and failed. */
function main([file = ""]: string[]): void {
  const { testResults, numPassedTests, numFailedTests } = JSON.parse(readFileSync(file, "utf8")) as TestReport;
  const slowest = testResults.toSorted((one, other) => other.seconds - one.seconds).slice(0, SHOWN);
  console.log("The slowest files:");
  for (const { name, seconds } of slowest) console.log(`${seconds.toFixed(0).padStart(6)} s  ${relative(ROOT, name)}`);
  console.log(`${numPassedTests} passed, ${numFailedTests} failed`);
}

main(process.argv.slice(2));
