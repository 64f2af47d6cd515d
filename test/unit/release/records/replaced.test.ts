import { expect, test } from "vitest";
import { withExpiry, parseReplacedComment, replacedAtByName } from "../../../../components/release/records/replaced";

test("the comment of a replaced database is read, and any other comment is not one", () => {
  const comment = { version: "1.5.0", replacedAt: "2026-11-24T08:00:00Z", images: { api: "sha256:1" } };
  expect(parseReplacedComment(JSON.stringify({ ...comment, restored: "20261124T070000Z-1.4.2" }))?.version).toBe(
    "1.5.0",
  );
  expect(parseReplacedComment(JSON.stringify(comment))).toEqual(comment);
  for (const other of [null, "", "do not touch", '{"version":1}', "[]"])
    expect(parseReplacedComment(other)).toBeUndefined();
});

test("the name of a replaced database says when", () => {
  expect(replacedAtByName("nestfleet_replaced_20261124t080102z")).toBe("2026-11-24T08:01:02Z");
  for (const other of ["nestfleet_replaced_", "nestfleet_replaced_20261399t080102z", "nestfleet"])
    expect(replacedAtByName(other)).toBeUndefined();
});

test("a replaced database is dropped that many days after it was replaced", () => {
  const database = { name: "nestfleet_replaced_20261124t080102z", bytes: 1, replacedAt: "2026-11-24T08:01:02.345Z" };
  expect(withExpiry(database, 7).droppedAfter).toBe("2026-12-01T08:01:02Z");
  expect(withExpiry(database, 0).droppedAfter).toBe("2026-11-24T08:01:02Z");
  const at = (time: string) => withExpiry(database, 7, Date.parse(time) / 1000).due;
  expect([at("2026-12-01T08:01:02Z"), at("2026-12-01T08:01:03Z")]).toEqual([undefined, true]);
});
