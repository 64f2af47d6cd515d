import { describe, expect, test } from "vitest";
import { type Change, releasesKept, retiredBackups } from "../../../../components/release/records/retention";

const backups = (...versions: string[]) =>
  versions.map((version, index) => ({ id: `2026112${index}T000000Z-${version}`, version, migrations: ["0001_a.sql"] }));
const change = (from: string | null, to: string, verdict = "upgraded"): Change => ({ from, to, verdict });

describe("old backups", () => {
  test("go when there are more than are to be kept", () => {
    const [first, ...others] = backups("1.0.0", "1.0.0", "1.0.0");
    expect(retiredBackups([...(first ? [first] : []), ...others], 2, [])).toEqual([first?.id]);
    expect(retiredBackups(others, 2, [])).toEqual([]);
    expect(retiredBackups([], 1, [])).toEqual([]);
  });

  test("the newest stays, whatever is asked", () => {
    const taken = backups("1.0.0", "1.0.0");
    expect(retiredBackups(taken, 0, [])).toEqual([taken[0]?.id]);
  });

  test("the newest of each of the last three releases stays", () => {
    const taken = backups("1.0.0", "1.1.0", "1.1.0", "1.2.0", "1.3.0", "1.3.0", "1.3.0");
    const history = [change("1.0.0", "1.1.0"), change("1.1.0", "1.2.0"), change("1.2.0", "1.3.0")];
    expect(retiredBackups(taken, 1, history)).toEqual([0, 1, 4, 5].map((index) => taken[index]?.id));
  });
});

describe("backups of one release on several schemas", () => {
  const history = [change(null, "1.0.0", "installed"), change("1.0.0", "1.1.0", "failed")];
  const [clean, ...later] = backups("1.0.0", "1.0.0", "1.0.0", "1.0.0");
  const migrated = later.map((one) => ({ ...one, migrations: ["0001_a.sql", "0002_b.sql"] }));

  test("the newest on each stays: that from before a failed upgrade is the only way back", () => {
    expect(retiredBackups([...(clean ? [clean] : []), ...migrated], 1, history)).toEqual(
      migrated.slice(0, 2).map(({ id }) => id),
    );
  });

  test("of a release that no rollback goes back to they go", () => {
    expect(retiredBackups([...(clean ? [clean] : []), ...migrated], 1, [change(null, "2.0.0", "installed")])).toEqual(
      [clean, ...migrated.slice(0, 2)].map((one) => one?.id),
    );
  });
});

describe("the releases that a rollback may go back to", () => {
  test("are the last three that served, newest first", () => {
    const history = [change(null, "1.0.0", "installed"), change("1.0.0", "1.1.0"), change("1.1.0", "1.2.0")];
    expect(releasesKept([...history, change("1.2.0", "1.3.0")])).toEqual(["1.3.0", "1.2.0", "1.1.0"]);
    expect(releasesKept(history.slice(0, 2))).toEqual(["1.1.0", "1.0.0"]);
  });

  test("do not count a failed update, nor the same release twice", () => {
    const history = [
      change("1.0.0", "1.1.0"),
      change("1.1.0", "1.0.0", "rolled back"),
      change("1.0.0", "1.1.0"),
      change("1.1.0", "9.9.9", "failed"),
    ];
    expect(releasesKept(history)).toEqual(["1.1.0", "1.0.0"]);
  });
});
