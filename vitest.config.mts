import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";
import { FULL } from "./test/support/scale.js";

const MINUTE = 60_000;

/** The longest files, the longest first: with several at once, one that starts last ends long after the others. */
const LONGEST = [
  ...["engine/upgrade", "engine/faults", "engine/rollback", "engine/network", "engine/protected", "engine/other-image"],
  ...["engine/restart", "engine/kill", "engine/answers", "engine/newest", "engine/story", "engine/install"],
  ...["scripts/backup", "engine/ssh", "engine/new-host", "engine/source", "scripts/zoo", "scripts/drill"],
  ...["engine/daemon", "engine/where", "scripts/copy", "scripts/hostile-dump", "scripts/planted", "scripts/role"],
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
          include: ["test/unit/**/*.test.ts", "test/program/**/*.test.ts"],
          // Most of what takes long there is waiting.
          maxWorkers: 2,
          // With every core at work, some take longer than the five seconds that Vitest gives.
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
