import { expect, test } from "vitest";
import { missingExtension, olderThan, unsuitable } from "../../../../components/release/records/compatibility";

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

test.each([
  ["17.5", 16, "is from PostgreSQL 17, and PostgreSQL 16 runs here"],
  ["17.5", 17, undefined],
  ["16.9", 17, undefined],
  ["9.6", 16, undefined],
  ["unknown", 17, undefined],
])("a dump of %s on a server of %d: %s", (server, major, words) => {
  expect(unsuitable({ server, extensions: {} }, { major, extensions: {} })?.words).toBe(words);
});

test("what lacks is the version before any extension, which an older server could not use", () => {
  const backup = { server: "17.5", extensions: { vector: "0.8.0" } };
  expect(unsuitable(backup, { major: 16, extensions: {} })?.lacks).toBe("version");
  expect(unsuitable(backup, { major: 17, extensions: {} })).toEqual({
    lacks: "extension",
    words: "needs the extension vector 0.8.0, which the postgres image does not have",
  });
  expect(unsuitable(backup, { major: 17, extensions: { vector: "0.8.0" } })).toBeUndefined();
});
