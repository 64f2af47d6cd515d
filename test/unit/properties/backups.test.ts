import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  compareBackupIds,
  formatBackupId,
  isInFuture,
  nextBackupId,
  parseBackupId,
} from "../../../components/release/records/backup-id";
import { byDate, newestBackup } from "../../../components/release/records/backups";
import { replacedAtByName } from "../../../components/release/records/replaced";
import {
  type Change,
  RELEASES_KEPT,
  releasesKept,
  retiredBackups,
} from "../../../components/release/records/retention";
import { replacedName } from "../../../components/operations/restore/replaced-databases";
import { backup } from "../release/facts";

const DAY = 86_400;
/** The first second of 1970 and the last of 9999: what an id can say. */
const [FIRST, LAST] = [0, Date.UTC(9999, 11, 31, 23, 59, 59) / 1000];
const NOW = Date.UTC(2026, 10, 24, 8, 1, 2) / 1000;

const tag = fc.oneof(fc.constantFrom("1.4.2", "1.5.0", "9.0.0", "sha-1a2b3c4"), fc.stringMatching(/^\w[\w.-]{0,9}$/));
/** Whatever a clock may say; mostly of this time, and now and then of the same second. */
const clock = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: -3 * DAY, max: 3 * DAY }).map((off) => NOW + off) },
  { weight: 2, arbitrary: fc.integer({ min: -3, max: 3 }).map((off) => NOW + off) },
  { weight: 1, arbitrary: fc.constantFrom(-DAY - 1, -DAY, DAY - 1, DAY, DAY + 1).map((off) => NOW + off) },
  { weight: 1, arbitrary: fc.integer({ min: FIRST, max: LAST - 2 * DAY }) },
);
const fraction = fc.double({ min: 0, max: 0.999, noNaN: true });
const id = fc.record({ seconds: clock, version: tag }).map(formatBackupId);
const ids = fc.uniqueArray(id, { maxLength: 8 });

describe("the id of a backup", () => {
  test("says of which second and release it is", () => {
    fc.assert(
      fc.property(fc.integer({ min: FIRST, max: LAST }), tag, (seconds, version) => {
        expect(parseBackupId(formatBackupId({ seconds, version }))).toEqual({ seconds, version });
      }),
    );
  });

  test("is read of no other text than the one it is written as", () => {
    const day = fc.constantFrom("0131", "0229", "0230", "0231", "0430", "0431", "1131", "1231", "1301", "0100");
    const time = fc.constantFrom("000000", "235959", "240000", "236000", "235960", "12000");
    const year = fc.constantFrom("2024", "2026", "1969", "0000", "9999");
    const text = fc.oneof(
      fc.tuple(year, day, fc.constant("T"), time, fc.constant("Z-1.4.2")).map((parts) => parts.join("")),
      fc
        .tuple(id, fc.nat(30), fc.string({ minLength: 1, maxLength: 1 }))
        .map(([given, at, other]) => given.slice(0, at) + other + given.slice(at + 1)),
      fc.string(),
    );
    fc.assert(
      fc.property(text, (given) => {
        const parsed = parseBackupId(given);
        if (parsed !== undefined) expect(formatBackupId(parsed)).toBe(given);
      }),
    );
  });

  test("is a new one, later than all that it follows, whatever the clock says", () => {
    fc.assert(
      fc.property(clock, fraction, tag, ids, ids, (seconds, part, version, existing, strangers) => {
        const now = seconds + part;
        const all = [...new Set([...existing, ...strangers])];
        const next = nextBackupId(now, version, all, strangers);
        expect(parseBackupId(next)?.version).toBe(version);
        expect(all).not.toContain(next);
        const followed = existing.filter((one) => !isInFuture(one, now) && !strangers.includes(one));
        for (const one of followed) {
          expect(compareBackupIds(next, one)).toBeGreaterThan(0);
          expect(next > one).toBe(true);
        }
        // Nor does anything in the future lead it there.
        const last = Math.max(seconds, ...followed.map((one) => (parseBackupId(one)?.seconds ?? 0) + 1));
        expect(parseBackupId(next)?.seconds).toBeGreaterThanOrEqual(last);
        expect(parseBackupId(next)?.seconds).toBeLessThanOrEqual(last + all.length);
      }),
      { numRuns: 300 },
    );
  });

  test("is a new one where those that it follows go on into the future", () => {
    fc.assert(
      fc.property(fc.integer({ min: -3, max: 1 }), fc.integer({ min: 1, max: 6 }), fraction, (off, length, part) => {
        const seconds = Array.from({ length }, (_, at) => NOW + DAY + off + at);
        const existing = seconds.map((one) => formatBackupId({ seconds: one, version: "1.4.2" }));
        expect(existing).not.toContain(nextBackupId(NOW + part, "1.4.2", existing));
      }),
    );
  });

  test("has the present time, if no own backup has the present or a later time", () => {
    fc.assert(
      fc.property(clock, fraction, tag, ids, ids, (seconds, part, version, existing, others) => {
        const before = existing.filter((one) => (parseBackupId(one)?.seconds ?? 0) < seconds);
        const strangers = others.filter((one) => parseBackupId(one)?.version !== version);
        const all = [...before, ...strangers];
        expect(nextBackupId(seconds + part, version, all, strangers)).toBe(formatBackupId({ seconds, version }));
      }),
    );
  });

  test("sorts in the order in which backups were taken, by clocks that are less than a day apart", () => {
    const taken = fc.array(fc.record({ off: fc.integer({ min: 0, max: DAY - 100 }), version: tag }), { maxLength: 20 });
    fc.assert(
      fc.property(taken, (backups) => {
        const inOrder: string[] = [];
        for (const { off, version } of backups) inOrder.push(nextBackupId(NOW + off, version, inOrder));
        expect(inOrder.toSorted()).toEqual(inOrder);
        expect(inOrder.toReversed().sort(compareBackupIds)).toEqual(inOrder);
      }),
    );
  });

  test("has one place in the order, and a text that is not an id comes before all ids", () => {
    const text = fc.oneof({ weight: 3, arbitrary: id }, fc.string());
    fc.assert(
      fc.property(text, text, text, (one, other, third) => {
        const order = (first: string, second: string) => Math.sign(compareBackupIds(first, second));
        expect(order(one, other) + order(other, one)).toBe(0);
        expect(order(one, other) === 0).toBe(one === other);
        if (order(one, other) < 0 && order(other, third) < 0) expect(order(one, third)).toBe(-1);
        const [isOne, isOther] = [one, other].map((given) => parseBackupId(given) !== undefined);
        if (isOne && isOther) expect(order(one, other)).toBe(one < other ? -1 : Number(one > other));
        if (isOne && !isOther && (parseBackupId(one)?.seconds ?? 0) > 0) expect(order(one, other)).toBe(1);
      }),
    );
  });
});

describe("backups by their dates", () => {
  test("are all there, in their order, and only those far ahead of the clock are in the future", () => {
    fc.assert(
      fc.property(ids, fc.option(clock, { nil: undefined }), (all, now) => {
        const { backups, future } = byDate(
          all.map((one) => ({ id: one })),
          now,
        );
        const isLate = (one: string) => now !== undefined && (parseBackupId(one)?.seconds ?? 0) > now + DAY;
        expect(backups.map((one) => one.id)).toEqual(all.filter((one) => !isLate(one)));
        expect(future.map((one) => one.id)).toEqual(all.filter(isLate));
      }),
    );
  });

  test("have one newest, of all or of a release, in whatever order they come", () => {
    fc.assert(
      fc.property(ids, fc.option(tag, { nil: undefined }), (all, wanted) => {
        const version = wanted !== undefined && all.length > 0 ? parseBackupId(all[0] ?? "")?.version : wanted;
        const newest = newestBackup(
          all.map((one) => backup(one)),
          version,
        );
        const candidates = all.filter((one) => version === undefined || parseBackupId(one)?.version === version);
        expect(newest?.id).toBe(candidates.toSorted().at(-1));
      }),
    );
  });
});

describe("the name of a database that is kept", () => {
  const prefix = "nestfleet_replaced_";
  /** Nothing comes after the last second of the year 9999. */
  const last = `${prefix}99991231t235959z`;
  const name = fc.oneof(
    { weight: 4, arbitrary: clock.map((seconds) => replacedName(new Date(seconds * 1000), [])) },
    { weight: 1, arbitrary: fc.stringMatching(/^\d{4}[01]\d[0-3]\dt[0-2]\d[0-5]\d[0-5]\dz$/).map((at) => prefix + at) },
    { weight: 1, arbitrary: fc.constantFrom(prefix, "nestfleet", last) },
    { weight: 1, arbitrary: fc.string().map((end) => prefix + end) },
  );

  test("is later than all there are, whatever the clock says, and is read as a time", () => {
    fc.assert(
      fc.property(clock, fraction, fc.array(name, { maxLength: 6 }), (seconds, part, existing) => {
        const kept = replacedName(new Date((seconds + part) * 1000), existing);
        const others = existing.filter((one) => replacedAtByName(one) !== undefined);
        expect(replacedAtByName(kept)).toBeDefined();
        expect(existing).not.toContain(kept);
        for (const one of others.filter((other) => other < last)) expect(kept > one, one).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  test("sorts in the order in which databases were replaced", () => {
    fc.assert(
      fc.property(fc.array(clock, { maxLength: 10 }), (clocks) => {
        const names: string[] = [];
        for (const seconds of clocks) names.push(replacedName(new Date(seconds * 1000), names));
        expect(names.toSorted()).toEqual(names);
        expect(new Set(names).size).toBe(names.length);
      }),
    );
  });
});

describe("the backups that go", () => {
  const release = fc.constantFrom("1.0.0", "1.1.0", "1.2.0", "1.3.0", "2.0.0");
  const migrations = fc.subarray(["0001_a.sql", "0002_b.sql", "0003_c.sql"]);
  const taken = fc
    .array(fc.record({ version: release, migrations: migrations.chain(shuffled) }), { maxLength: 16 })
    .map((all) => all.map((one, at) => ({ ...one, id: formatBackupId({ seconds: NOW + at, version: one.version }) })));
  const history: fc.Arbitrary<Change[]> = fc.array(
    fc.record({
      from: fc.option(release),
      to: release,
      verdict: fc.constantFrom("upgraded", "installed", "rolled back", "restored", "failed"),
    }),
    { maxLength: 8 },
  );
  const keep = fc.nat(8);
  const schema = (one: { readonly migrations: readonly string[] }) => JSON.stringify(one.migrations.toSorted());

  test("are all but the newest, and the newest of each schema of each release that one may go back to", () => {
    fc.assert(
      fc.property(taken, keep, history, (backups, amount, changes) => {
        const gone = new Set(retiredBackups(backups, amount, changes));
        const back = releasesKept(changes);
        for (const [at, one] of backups.entries()) {
          const isNew = backups.length - at <= Math.max(1, amount);
          const isLastOfSchema = !backups
            .slice(at + 1)
            .some((later) => later.version === one.version && schema(later) === schema(one));
          expect(gone.has(one.id), one.id).toBe(!isNew && !(back.includes(one.version) && isLastOfSchema));
        }
        expect([...gone].filter((gone) => !backups.some((one) => one.id === gone))).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  test("are none once they were removed", () => {
    fc.assert(
      fc.property(taken, keep, history, (backups, amount, changes) => {
        const gone = retiredBackups(backups, amount, changes);
        const rest = backups.filter((one) => !gone.includes(one.id));
        expect(retiredBackups(rest, amount, changes)).toEqual([]);
        expect(gone.toSorted()).toEqual(gone);
      }),
    );
  });

  test("stay what they are, and become no more, when one more is to be kept or one more is taken", () => {
    fc.assert(
      fc.property(taken, keep, history, (backups, amount, changes) => {
        const gone = retiredBackups(backups, amount, changes);
        expect(gone).toEqual(expect.arrayContaining(retiredBackups(backups, amount + 1, changes)));
        const before = retiredBackups(backups.slice(0, -1), amount, changes);
        expect(gone).toEqual(expect.arrayContaining(before));
      }),
    );
  });

  test("leave the releases that served last: three of them, each once, a failed update not counted", () => {
    fc.assert(
      fc.property(history, (changes) => {
        const kept = releasesKept(changes);
        const good = changes.filter(({ verdict }) => verdict !== "failed");
        const served = new Set(good.flatMap(({ from, to }) => [from, to].filter((one) => typeof one === "string")));
        expect(kept).toHaveLength(Math.min(RELEASES_KEPT, served.size));
        expect(new Set(kept).size).toBe(kept.length);
        expect(kept[0]).toBe(good.at(-1)?.to);
        expect(releasesKept(good)).toEqual(kept);
        for (const one of kept) expect(served).toContain(one);
      }),
    );
  });
});

function shuffled(all: string[]): fc.Arbitrary<string[]> {
  return fc.shuffledSubarray(all, { minLength: all.length, maxLength: all.length });
}
