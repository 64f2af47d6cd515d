import { expect, test } from "vitest";
import { Database } from "../../../../components/host/database/database";
import { occupied } from "../../../../components/host/database/advisory-lock";
import { holderIn, lockedTables } from "../../../../components/host/database/holders";
import { ScriptedDocker } from "../../../support/docker";

const POSTGRES = "nestfleet-prod-postgres";
const holder = {
  pid: 4711,
  application: "node",
  user: "nestfleet",
  address: "172.18.0.3",
  since: "2026-11-24 08:01:02",
};
const PREFIX = "nestfleet-backup-lock ";

/** What is said of the session that holds the lock of a backup, as the server tells of it. */
function told(more: object): string {
  const database = new Database(new ScriptedDocker(() => ""), POSTGRES);
  return occupied(database, "backup", PREFIX, holderIn([JSON.stringify({ ...holder, ...more })]));
}

test("a session of another program that holds the lock is named, with the command that ends it", () => {
  expect(told({})).toBe(
    'the lock of a backup is held by session 4711 ("node", user "nestfleet", from 172.18.0.3, since 2026-11-24 08:01:02 UTC), ' +
      "which does not belong to this program; find out what it is; " +
      "`docker --host unix:///nowhere exec nestfleet-prod-postgres psql -U nestfleet -d postgres -c 'SELECT pg_terminate_backend(4711)'` ends it",
  );
});

test("what it says of itself is quoted, on one line and without what moves the cursor", () => {
  const application = "x'; rm -rf /\n\u001b[2J\u202e\"";
  expect(told({ application, user: "$(id)" })).toContain(`session 4711 ("x'; rm -rf / ·[2J·\\"", user "$(id)", from`);
});

test.each([
  ["one of ours", {}, "another backup runs, by op@here since 2026-11-24 08:01:02 UTC; wait until it is done"],
  [
    "one that only says so, from elsewhere",
    { address: "172.18.0.3" },
    /^the lock of a backup is held by session 4711 /,
  ],
])("%s", (_, more, words) => {
  expect(told({ application: `${PREFIX}op@here`, address: null, ...more })).toEqual(
    typeof words === "string" ? words : expect.stringMatching(words),
  );
});

test("a prepared transaction has no session to end, and a released lock has no holder", () => {
  const nobody = { pid: null, application: null, user: null, address: null, since: null };
  expect(told(nobody)).toBe(
    "the lock of a backup is held by a prepared transaction (see pg_prepared_xacts), which does not belong to this program",
  );
  const database = new Database(new ScriptedDocker(() => ""), POSTGRES);
  expect(occupied(database, "backup", PREFIX, holderIn([]))).toBe("another backup runs; wait until it is done");
});

test("for tables that cannot be read, the session that has locked them, or waits to, is named", async () => {
  const locks = [
    { ...holder, table: "public.cases", granted: true, state: "idle in transaction", seconds: 312.4 },
    { ...holder, pid: 4712, table: "public.ja\nobs", granted: false, state: "active", seconds: 3 },
    { ...holder, pid: null, table: "public.mail", granted: true, state: null, seconds: null },
  ];
  const docker = new ScriptedDocker(() => locks.map((lock) => JSON.stringify(lock)).join("\n"));
  const ended = (pid: number) =>
    `; find out what it is; \`docker --host unix:///nowhere exec ${POSTGRES} psql -U nestfleet -d postgres -c 'SELECT pg_terminate_backend(${pid})'\` ends it`;
  expect(await lockedTables(new Database(docker, POSTGRES))).toEqual([
    'public.cases is locked by session 4711 ("node", user "nestfleet", from 172.18.0.3, since 2026-11-24 08:01:02 UTC), idle in transaction for 5 min' +
      ended(4711),
    'public.ja obs is about to be locked by session 4712 ("node", user "nestfleet", from 172.18.0.3, since 2026-11-24 08:01:02 UTC), active for 3 s' +
      ended(4712),
    "public.mail is locked by a prepared transaction (see pg_prepared_xacts)",
  ]);
  expect(docker.asked).toHaveLength(1);
});
