import { expect, test } from "vitest";
import { missingExtension, olderThan } from "../../../components/release/extensions";

test.each([
  ["0.7.4", "0.8.0", true],
  ["0.8.0", "0.8.0", false],
  ["0.10", "0.9.9", false],
  ["1", "1.0.1", true],
  ["1.0", "1", false],
])("%s is older than %s: %s", (version, than, older) => {
  expect(olderThan(version, than)).toBe(older);
});

test("a newer extension serves an older backup", () => {
  expect(missingExtension({ vector: "0.7.0", plpgsql: "1.0" }, { vector: "0.8.0", plpgsql: "1.0" })).toBeUndefined();
  expect(missingExtension({ vector: "0.8.0" }, {})).toBe(
    "the extension vector 0.8.0, which the postgres image does not have",
  );
});
