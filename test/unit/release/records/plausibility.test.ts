import { describe, expect, test } from "vitest";
import { implausiblySmall, wrongDatabase } from "../../../../components/release/records/plausibility";

const before = { id: "20261124T080102Z-1.4.2", bytes: 1_000_000, rows: { "public.cases": 9000, "public.users": 1000 } };

describe("a backup compared with the previous one", () => {
  test.each([
    ["as large", { bytes: 1_000_000, rows: before.rows }],
    ["half as large", { bytes: 500_000, rows: { "public.cases": 4500, "public.users": 500 } }],
    ["larger", { bytes: 9_000_000, rows: { "public.cases": 90_000 } }],
  ])("%s is fine", (_, now) => {
    expect(implausiblySmall(now, before)).toBeUndefined();
  });

  test.each([
    ["fewer bytes", { bytes: 499_999, rows: before.rows }],
    ["fewer rows", { bytes: 1_000_000, rows: { "public.cases": 3999, "public.users": 1000 } }],
  ])("far %s is reported with both sizes and row counts", (_, now) => {
    const told = implausiblySmall(now, before);
    expect(told).toContain(String(now.bytes));
    expect(told).toContain("1000000 bytes and 10000 rows");
    expect(told).toContain(before.id);
  });

  test("the first one has nothing to be compared with, and a nearly empty database may halve", () => {
    expect(implausiblySmall({ bytes: 1, rows: {} }, undefined)).toBeUndefined();
    expect(
      implausiblySmall({ bytes: 9000, rows: { "public.cases": 0 } }, { ...before, bytes: 20_000, rows: { a: 3 } }),
    ).toBe(undefined);
  });
});

describe("the wrong database", () => {
  test("has none of the tables of the backup before", () => {
    expect(wrongDatabase({}, before)).toContain("no tables at all, and none of the 2 tables");
    expect(wrongDatabase({ "public.posts": 5 }, before)).toContain("1 tables (public.posts)");
  });

  test("is not one with some tables renamed, nor the first", () => {
    expect(wrongDatabase({ "public.users": 5 }, before)).toBeUndefined();
    expect(wrongDatabase({}, undefined)).toBeUndefined();
  });
});
