import { describe, expect, test } from "vitest";
import { lastProof, precedent } from "../../../components/release/backups";
import { backup, change } from "./facts";

describe("the backup that a new one is compared with", () => {
  const old = backup("20261124T080000Z-1.4.2");
  const newest = backup("20261124T090000Z-1.5.0");
  const restored = (at: string, id = old.id) =>
    change({ at, restored: id, replaced: "nestfleet_replaced_20261124t080000z" });

  test("is the newest; none where there is none", () => {
    expect(precedent([old, newest], [])).toBe(newest);
    expect(precedent([], [restored("2026-11-24T10:00:00Z")])).toBeUndefined();
  });

  test("is the one that was restored since then", () => {
    expect(precedent([old, newest], [restored("2026-11-24T10:00:00Z")])).toBe(old);
  });

  test("is the newest again once one was taken of the restored data", () => {
    expect(precedent([old, newest], [restored("2026-11-24T08:30:00Z")])).toBe(newest);
  });

  test("is that of the last restore of several, whatever changed without data since then", () => {
    const older = backup("20261124T070000Z-1.4.2");
    const history = [
      restored("2026-11-24T10:00:00Z"),
      restored("2026-11-24T11:00:00Z", older.id),
      change({ at: "2026-11-24T12:00:00Z", from: "1.4.2", to: "1.5.0", kind: "upgrade", verdict: "upgraded" }),
    ];
    expect(precedent([older, old, newest], history)).toBe(older);
  });

  test("is not one whose restore failed", () => {
    expect(precedent([old, newest], [change({ restored: old.id, verdict: "failed" })])).toBe(newest);
    const then = change({ at: "2026-11-24T11:00:00Z", restored: newest.id, verdict: "failed" });
    expect(precedent([old, newest], [restored("2026-11-24T10:00:00Z"), then])).toBe(old);
  });

  test("is the newest where the restored one has been removed", () => {
    expect(precedent([newest], [restored("2026-11-24T10:00:00Z")])).toBe(newest);
  });

  test("is the newest by its id, also after a clock was set back", () => {
    const later = backup("20261124T090001Z-1.5.0", { takenAt: "2026-11-24T03:00:00Z" });
    expect(precedent([later, newest], [])).toBe(later);
  });
});

describe("the last proof", () => {
  const proven = (at: string) => ({ at, by: "drill", way: "pg_restore", seconds: 9, megabytes: 64 }) as const;

  test("is the newest one, of whichever backup", () => {
    const old = backup("20261124T080000Z-1.4.2", { proven: proven("2026-11-24T10:00:00Z") });
    const newest = backup("20261124T090000Z-1.5.0", { proven: proven("2026-11-24T09:10:00Z") });
    expect(lastProof([old, newest, backup("20261124T100000Z-1.5.0")])).toBe(old.proven);
    expect(lastProof([backup("20261124T100000Z-1.5.0")])).toBeUndefined();
  });
});
