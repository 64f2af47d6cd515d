import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { expectNoChange, expectUp } from "../support/expectations";
import { FULL, REHEARSAL } from "../support/scale";
import { run, TestStack } from "../support/stack";

const stack = new TestStack("test-source", 18090);
const source = mkdtempSync(join(tmpdir(), "nestfleet-source-test-"));

beforeAll(async () => {
  const made = await run("test/images/source-repo.sh", [source]);
  if (made.exitCode !== 0) throw new Error(made.output);
  await stack.create({ version: "1.4.2", source, rehearsal: REHEARSAL });
});

afterAll(async () => {
  await stack.dispose();
  rmSync(source, { recursive: true, force: true });
});

describe("images built from a source", () => {
  test("the release's tag is built and runs", async () => {
    await expectUp(stack);
    expect(await stack.answeringVersion()).toBe("1.4.2");
    await expectNoChange(stack);
  });

  test("a tag that does not exist, and one that does not build, stop before anything is touched", async () => {
    const before = await stack.containers();
    await stack.configure({ version: "1.5.8" });
    const missing = await stack.up();
    expect(missing.exitCode).not.toBe(0);
    expect(missing.output).toContain("the source has no tag v1.5.8");
    expect(missing.output).toContain("1 problem; nothing was touched.");
    await stack.configure({ version: "1.5.9" });
    const broken = await stack.up();
    expect(broken.exitCode).not.toBe(0);
    expect(broken.output).toMatch(
      /nestfleet-test-source-api:1\.5\.9 cannot be built from v1\.5\.9; nothing was touched/,
    );
    expect(await stack.containers()).toEqual(before);
    expect(await stack.answeringVersion()).toBe("1.4.2");
  });

  test.runIf(FULL)(
    "the next release replaces api, worker and console, and leaves postgres and caddy alone",
    async () => {
      const before = await stack.containers();
      await stack.configure({ version: "1.5.0" });
      await expectUp(stack);
      const after = await stack.containers();
      for (const role of ["api", "worker", "console"]) expect(after[role], role).not.toEqual(before[role]);
      for (const role of ["postgres", "caddy"]) expect(after[role], role).toEqual(before[role]);
      expect(await stack.answeringVersion()).toBe("1.5.0");
      expect(await stack.preview()).toEqual([]);
    },
  );
});
