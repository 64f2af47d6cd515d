import { describe, expect, test } from "vitest";
import { parseVersion } from "../../../components/release/version";

describe("a version that an operator typed", () => {
  test.each([
    ["1.5.0", { tag: "1.5.0", semver: "1.5.0" }],
    ["v1.5.0", { tag: "1.5.0", semver: "1.5.0" }],
    [" 1.5.0 ", { tag: "1.5.0", semver: "1.5.0" }],
    ["1.5.0-rc.1", { tag: "1.5.0-rc.1", semver: "1.5.0-rc.1" }],
    ["sha-1a2b3c4", { tag: "sha-1a2b3c4" }],
    ["2024_11_rebuild", { tag: "2024_11_rebuild" }],
  ])("%j is %j", (typed, version) => {
    expect(parseVersion(typed)).toEqual(version);
  });

  test.each([
    "",
    " ",
    "latest",
    "LATEST",
    "main",
    "1",
    "1.5",
    "v1.5",
    "1.5.0; rm -rf /",
    "1.5.0+build",
    "-1.5.0",
    "a b",
    "é",
    "a".repeat(300),
  ])("%j is refused", (typed) => {
    expect(parseVersion(typed)).toBeUndefined();
  });
});
