import { describe, expect, test } from "vitest";
import { backupNamed, byDate, futureTold, lastProof, baseline } from "../../../../components/release/records/backups";
import { retiredBackups } from "../../../../components/release/records/retention";
import { backup, change } from "../facts";

describe("backups that are dated in the future", () => {
  const NOW = Date.UTC(2026, 10, 24, 12) / 1000;
  const real = ["20261121T020000Z-1.4.2", "20261122T020000Z-1.4.2", "20261123T020000Z-1.4.2", "20261124T020000Z-1.4.2"];
  const planted = [1, 2, 3, 4, 5, 6, 7].map((day) => `2099010${day}T000000Z-1.4.2`);
  const all = [...real, ...planted].map((id) => backup(id));

  test("do not displace real ones from the number that is kept, and are never the newest", () => {
    const { backups, future } = byDate(all, NOW);
    expect([backups.map(({ id }) => id), future.map(({ id }) => id)]).toEqual([real, planted]);
    expect(retiredBackups(backups, 7, [])).toEqual([]);
    expect(baseline(backups, [])?.id).toBe(real[3]);
  });

  test("can be named", () => {
    const dated = byDate(all, NOW);
    expect(backupNamed(dated, planted[6])?.id).toBe(planted[6]);
    expect(backupNamed(dated, real[0])?.id).toBe(real[0]);
    expect(backupNamed(dated, undefined)).toBeUndefined();
  });

  test("are reported by name, up to a number", () => {
    const told = (count: number) => futureTold(planted.slice(0, count).map((id) => backup(id)));
    expect(told(0)).toEqual([]);
    expect(told(1)).toEqual([
      "backups that are dated in the future count only where they are named: 20990101T000000Z-1.4.2; " +
        "set the clock of the Docker host if it is behind (timedatectl shows it), else find out what has written them",
    ]);
    expect(told(7)[0]).toContain(
      "20990101T000000Z-1.4.2, 20990102T000000Z-1.4.2, 20990103T000000Z-1.4.2 and 4 others;",
    );
  });

  test("are more than a day ahead; the clock may have been set back, and without a clock no backup is one", () => {
    const [ahead, later] = [backup("20261125T120000Z-1.4.2"), backup("20261125T120001Z-1.4.2")];
    expect(byDate([ahead, later], NOW)).toEqual({ backups: [ahead], future: [later] });
    expect(byDate([ahead, later], undefined)).toEqual({ backups: [ahead, later], future: [] });
  });
});

describe("the backup that a new one is compared with", () => {
  const old = backup("20261124T080000Z-1.4.2");
  const newest = backup("20261124T090000Z-1.5.0");
  const restored = (at: string, id = old.id) =>
    change({ at, restored: id, replaced: "nestfleet_replaced_20261124t080000z" });

  test("is the newest, if there is one", () => {
    expect(baseline([old, newest], [])).toBe(newest);
    expect(baseline([], [restored("2026-11-24T10:00:00Z")])).toBeUndefined();
  });

  test("is the one that was restored since then", () => {
    expect(baseline([old, newest], [restored("2026-11-24T10:00:00Z")])).toBe(old);
  });

  test("is the newest again once one was taken of the restored data", () => {
    expect(baseline([old, newest], [restored("2026-11-24T08:30:00Z")])).toBe(newest);
  });

  test("is that of the last restore of several, whatever changed without data since then", () => {
    const older = backup("20261124T070000Z-1.4.2");
    const history = [
      restored("2026-11-24T10:00:00Z"),
      restored("2026-11-24T11:00:00Z", older.id),
      change({ at: "2026-11-24T12:00:00Z", from: "1.4.2", to: "1.5.0", kind: "upgrade", verdict: "upgraded" }),
    ];
    expect(baseline([older, old, newest], history)).toBe(older);
  });

  test("is not one whose restore failed", () => {
    expect(baseline([old, newest], [change({ restored: old.id, verdict: "failed" })])).toBe(newest);
    const then = change({ at: "2026-11-24T11:00:00Z", restored: newest.id, verdict: "failed" });
    expect(baseline([old, newest], [restored("2026-11-24T10:00:00Z"), then])).toBe(old);
  });

  test("is the newest where the restored one has been removed", () => {
    expect(baseline([newest], [restored("2026-11-24T10:00:00Z")])).toBe(newest);
  });

  test("is the newest by its id, also after a clock was set back", () => {
    const later = backup("20261124T090001Z-1.5.0", { takenAt: "2026-11-24T03:00:00Z" });
    expect(baseline([later, newest], [])).toBe(later);
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
