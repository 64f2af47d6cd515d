/**
 * `NESTFLEET_TEST_SCALE=full`: the amounts that were promised, which take an hour; otherwise the same tests with less of
 * everything, without those that show once more, under other circumstances, what another shows.
 */
export const FULL = process.env["NESTFLEET_TEST_SCALE"] === "full";

/** Of a database that is upgraded, and of one that is rolled back. */
export const UPGRADE_MEGABYTES = FULL ? 200 : 20;
export const ROLLBACK_MEGABYTES = FULL ? 1000 : 20;
/** Requests during an update. */
export const PER_SECOND = FULL ? 100 : 8;
/** Upgrades that are killed in the middle, and as many rollbacks. */
export const KILLS = FULL ? 12 : 1;
/** Of stacks on which something else than a rehearsal is tried: a server of its own, which each update would start. */
export const REHEARSAL = FULL ? "full" : "off";

/** Cases of ten kilobytes that do not compress, of different ages, as the console sorts them; all worked on. */
export function seed(megabytes: number): string {
  return `
    INSERT INTO cases (id, title, priority, processed_at, created_at)
    SELECT gen_random_uuid(), (SELECT string_agg(md5(random()::text || n || k), '') FROM generate_series(1, 320) k),
           'normal', now(), now() - n * interval '1 second'
      FROM generate_series(1, ${megabytes * 100}) n`;
}
