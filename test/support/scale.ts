/**
 * True with `NESTFLEET_TEST_SCALE=full`: all tests with large amounts, which take an hour. Otherwise the amounts are
 * small, and the tests that show the same behaviour once more under other circumstances are skipped.
 */
export const FULL = process.env["NESTFLEET_TEST_SCALE"] === "full";

/** The sizes of a database that is upgraded, and of one that is rolled back. `npm run bench` has larger ones. */
export const UPGRADE_MEGABYTES = FULL ? 200 : 20;
export const ROLLBACK_MEGABYTES = FULL ? 400 : 20;
/**
 * The number of requests a second during an update. Several updates run at once. `npm run bench` sends 100 a second to
 * one.
 */
export const PER_SECOND = FULL ? 30 : 8;
/** The number of upgrades that are killed in the middle, and of rollbacks. */
export const KILLS = FULL ? 12 : 1;
/** The rehearsal on stacks that test something else. Otherwise each update would start another database server. */
export const REHEARSAL = FULL ? "full" : "off";

/**
 * SQL that inserts cases of ten kilobytes that do not compress. They are processed, and differ in age, by which the
 * console sorts.
 */
export function seed(megabytes: number): string {
  return `
    INSERT INTO cases (id, title, priority, processed_at, created_at)
    SELECT gen_random_uuid(), (SELECT string_agg(md5(random()::text || n || k), '') FROM generate_series(1, 320) k),
           'normal', now(), now() - n * interval '1 second'
      FROM generate_series(1, ${megabytes * 100}) n`;
}
