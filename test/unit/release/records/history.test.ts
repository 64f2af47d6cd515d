import { expect, test } from "vitest";
import { formatEntry, isNewest, isSpent, parseHistory } from "../../../../components/release/records/history";
import { change } from "../facts";

const id = "20261124T080000Z-1.4.2";

test("torn lines and those of a later release of this program are left out", () => {
  const known = change({
    kind: "restore",
    verdict: "restored",
    restored: id,
    lost: { "public.cases": 3 },
    heldSeconds: 2.5,
  });
  const line = formatEntry(known);
  const later = line.replace('"restored"', '"teleported"');
  const text = `${line}${later}\n${line.slice(0, 40)}`;
  expect(parseHistory(text)).toEqual([known]);
  expect(parseHistory("")).toEqual([]);
});

test("a restore is spent by its pair of backup and confirmation, when it succeeded", () => {
  const history = [change({ restored: id, confirmation: "monday" })];
  expect(isSpent(history, id, "monday")).toBe(true);
  expect(isSpent(history, id, "tuesday")).toBe(false);
  expect(isSpent(history, "20261124T090000Z-1.4.2", "monday")).toBe(false);
  expect(isSpent([change({ restored: id, confirmation: "monday", verdict: "failed" })], id, "monday")).toBe(false);
});

test("the newest change is the last that succeeded", () => {
  const restored = change({ restored: id });
  const upgraded = change({ kind: "upgrade", verdict: "upgraded" });
  expect(isNewest([upgraded, restored], id)).toBe(true);
  expect(isNewest([restored, { ...upgraded, verdict: "failed" }], id)).toBe(true);
  expect(isNewest([restored, upgraded], id)).toBe(false);
  expect(isNewest([], id)).toBe(false);
});

test("the field holdSeconds says how long requests were held, also in lines of an older program", () => {
  const before = { ...change({ kind: "restore", verdict: "restored" }), holdSeconds: 2.5 };
  const [entry] = parseHistory(JSON.stringify(before));
  expect(entry).toEqual(change({ kind: "restore", verdict: "restored", heldSeconds: 2.5 }));
  expect(entry && JSON.parse(formatEntry(entry))).toEqual(before);
  expect(formatEntry(change())).not.toContain("Seconds");
});
