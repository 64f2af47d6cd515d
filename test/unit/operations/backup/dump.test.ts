import { expect, test } from "vitest";
import { progress } from "../../../../components/operations/backup/dump";

test("the progress of a dump shows the estimate until that is exceeded", () => {
  expect(progress(7_300_000, 14_600_000, 3)).toBe("dump: 7.3 MB of about 15 MB after 3 s");
  expect(progress(226_000_000, 14_600_000, 9)).toBe("dump: 230 MB after 9 s");
  expect(progress(999, undefined, 1)).toBe("dump: 1 kB after 1 s");
});
