import { expect, test } from "vitest";
import { selectBackup } from "../../../../components/host/backups/selection";
import { backup } from "../../release/facts";

const OLD = "20261123T020000Z-1.4.2";
const NEW = "20261124T020000Z-1.5.0";
const ABSENT = "20261125T020000Z-1.5.0";

const whole = {
  backups: [backup(OLD), backup(NEW)],
  future: [],
  broken: [],
  unsigned: [],
  ids: [NEW, OLD],
  clock: undefined,
  newest: NEW,
};
const torn = {
  backups: [backup(OLD)],
  future: [],
  broken: [`${NEW}.json: its dump is missing`],
  unsigned: [],
  ids: [OLD, NEW],
  clock: undefined,
  newest: NEW,
};

test("without a name the newest, with one the named", () => {
  expect(selectBackup(whole, undefined).id).toBe(NEW);
  expect(selectBackup(whole, "newest").id).toBe(NEW);
  expect(selectBackup(whole, OLD).id).toBe(OLD);
});

test("a newest one that is broken is reported, not skipped", () => {
  for (const newest of [undefined, "newest"])
    expect(() => selectBackup(torn, newest)).toThrow(`cannot be relied on: ${NEW}.json: its dump is missing`);
  expect(selectBackup(torn, OLD).id).toBe(OLD);
});

test("a missing one is reported, with those that exist", () => {
  expect(() => selectBackup(whole, ABSENT)).toThrow(`there is no backup ${ABSENT}; the newest is ${NEW}`);
  const empty = { backups: [], future: [], broken: [], unsigned: [], ids: [], clock: undefined, newest: undefined };
  expect(() => selectBackup(empty, ABSENT)).toThrow("the newest is none");
  expect(() => selectBackup(empty, undefined)).toThrow("there is no backup yet");
});

test("one that is dated in the future is not the newest, and can be named", () => {
  const planted = "20990101T000000Z-1.5.0";
  const contents = { ...whole, future: [backup(planted)], ids: [NEW, OLD, planted] };
  expect(selectBackup(contents, undefined).id).toBe(NEW);
  expect(selectBackup(contents, planted).id).toBe(planted);
});
