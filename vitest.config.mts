import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";
import { FULL } from "./test/support/scale.js";

const MINUTE = 60_000;

const UNIT = ["test/unit", "test/program"];
/** Unit test files that replace modules, or look at which are loaded. They share no modules with other files. */
const ALONE = UNIT.flatMap((folder) =>
  readdirSync(join(import.meta.dirname, folder), { recursive: true, encoding: "utf8" })
    .map((file) => join(folder, file))
    .filter((file) => file.endsWith(".test.ts"))
    .filter((file) => /vi\.mock\(|createRequire\(/.test(readFileSync(join(import.meta.dirname, file), "utf8"))),
);

/** The longest files, the longest first: with several at once, one that starts last ends long after the others. */
const LONGEST = [
  ...["engine/upgrade", "engine/faults", "engine/rollback", "engine/network", "engine/protected", "engine/other-image"],
  ...["engine/restart", "engine/kill", "engine/newest", "engine/story", "engine/install"],
  ...["scripts/backup", "engine/ssh", "engine/new-host", "scripts/zoo", "scripts/drill"],
  ...["engine/daemon", "scripts/copy", "scripts/hostile-dump", "scripts/planted", "scripts/role"],
];

/** The order in which files start, the same on a machine that has never run them. */
class LongestFirst extends BaseSequencer {
  public override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    return sorted.sort((one, other) => rank(one) - rank(other));
  }
}

function rank({ moduleId }: TestSpecification): number {
  const found = LONGEST.findIndex((name) => moduleId.endsWith(`/test/${name}.test.ts`));
  return found === -1 ? LONGEST.length : found;
}

export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        test: {
          name: "unit",
          include: UNIT.map((folder) => `${folder}/**/*.test.ts`),
          exclude: ALONE,
          // The files of one worker share the modules that they load: to load them again takes longer than most tests.
          isolate: false,
          maxWorkers: 4,
          // With every core at work, some take longer than the five seconds that Vitest gives.
          testTimeout: MINUTE,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          name: "unit-alone",
          include: ALONE,
          maxWorkers: 4,
          testTimeout: MINUTE,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          name: "engine",
          include: ["test/engine/**/*.test.ts", "test/scripts/**/*.test.ts"],
          globalSetup: ["test/engine/setup.ts"],
          setupFiles: ["test/support/after-check.mts"],
          // More than there are cores on the smallest machine, because half of an update is waiting. With the amounts of
          // the full scale it is less.
          maxWorkers: FULL ? 3 : 4,
          sequence: { groupOrder: 1 },
          testTimeout: 10 * MINUTE,
          hookTimeout: 10 * MINUTE,
        },
      },
    ],
  },
});
