import { describe, expect, test } from "vitest";
import { compareBackupIds, nextBackupId, parseBackupId } from "../../../../components/release/records/backup-id";

const NOW = Date.UTC(2026, 10, 24, 8, 1, 2) / 1000;

describe("the id of a backup", () => {
  test("is the time and the release", () => {
    expect(nextBackupId(NOW + 0.9, "1.4.2", [])).toBe("20261124T080102Z-1.4.2");
    expect(parseBackupId("20261124T080102Z-sha-1a2b3c4")).toEqual({ seconds: NOW, version: "sha-1a2b3c4" });
  });

  test("is unique and in order, also within a second and after the clock was set back", () => {
    const ids: string[] = [];
    for (const clock of [NOW, NOW, NOW - 7200, NOW - 7200, NOW + 1, NOW + 60])
      ids.push(nextBackupId(clock, ids.length % 2 === 0 ? "9.0.0" : "1.0.0", ids));
    expect(new Set(ids).size).toBe(ids.length);
    expect([...ids].sort()).toEqual(ids);
    expect([...ids].reverse().sort(compareBackupIds)).toEqual(ids);
  });

  test("crosses midnight and the turn of the year", () => {
    const before = Date.UTC(2026, 11, 31, 2) / 1000;
    expect(nextBackupId(before, "1.0.0", ["20261231T235959Z-1.0.0"])).toBe("20270101T000000Z-1.0.0");
  });

  test.each([
    ["a day ahead is followed", "20261125T080102Z-1.4.2", "20261125T080103Z-1.4.2"],
    ["more than a day ahead is not", "20261125T080103Z-1.4.2", "20261124T080102Z-1.4.2"],
    ["of 2099 is not", "20990101T000000Z-1.4.2", "20261124T080102Z-1.4.2"],
  ])("that is %s", (_, there, next) => {
    expect(nextBackupId(NOW, "1.4.2", [there])).toBe(next);
  });

  test("is never an existing one, also right after the last that counts", () => {
    const there = ["20261125T080102Z-1.4.2", "20261125T080103Z-1.4.2", "20261125T080104Z-9.9.9"];
    expect(nextBackupId(NOW, "1.4.2", there)).toBe("20261125T080104Z-1.4.2");
  });

  test("does not follow a planted one, and is not the same", () => {
    const [planted, own] = ["20261124T200000Z-1.4.2", "20261124T080102Z-1.4.2"];
    expect(nextBackupId(NOW, "1.4.2", [planted], [planted])).toBe(own);
    expect(nextBackupId(NOW, "1.4.2", [own], [own])).toBe("20261124T080103Z-1.4.2");
  });

  test.each([
    "",
    "newest",
    "20261124T080102Z",
    "20261124T080102Z-",
    "20261124T080102Z-1.5.0; rm -rf /",
    "20261124T080102Z-../../etc/passwd",
    "20261124T080102Z-$(id)",
    "20261124T080102Z--rf",
    "20261124T080102Z-1.5.0\n",
    `20261124T080102Z-${"a".repeat(129)}`,
    "20260231T080102Z-1.5.0",
    "20261324T080102Z-1.5.0",
    "20261124T250102Z-1.5.0",
    "x20261124T080102Z-1.5.0",
  ])("is never %j", (text) => {
    expect(parseBackupId(text)).toBeUndefined();
  });

  test.each(["1.5.0; rm -rf /", "", "a b", "-1"])("cannot be made of the release %j", (version) => {
    expect(() => nextBackupId(NOW, version, [])).toThrow("is not a tag that a backup can be named after");
  });
});
