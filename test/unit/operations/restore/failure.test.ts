import { describe, expect, test } from "vitest";
import {
  brokenRule,
  failedObject,
  firstError,
  restoreFailure,
} from "../../../../components/operations/restore/failure";

const MEMORY = `pg_restore: while PROCESSING TOC:
pg_restore: from TOC entry 3590; 1259 17002 INDEX embedded_ivf nestfleet
pg_restore: error: could not execute query: ERROR:  memory required is 94 MB, maintenance_work_mem is 64 MB
Command was: CREATE INDEX embedded_ivf ON public.embedded USING ivfflat (v public.vector_cosine_ops) WITH (lists='300');`;

const KEY = `pg_restore: from TOC entry 3612; 2606 17002 FK CONSTRAINT case_events case_events_case_id_fkey nestfleet
pg_restore: error: could not execute query: ERROR:  insert or update on table "case_events" violates foreign key constraint "case_events_case_id_fkey"
DETAIL:  Key (case_id)=(00ff) is not present in table "cases".
Command was: ALTER TABLE ONLY public.case_events ADD CONSTRAINT case_events_case_id_fkey FOREIGN KEY (case_id) …`;

describe("the message of a failed restore", () => {
  test("an index needs memory, or room for its workers", () => {
    expect(restoreFailure(MEMORY)).toEqual({ kind: "memory", megabytes: 94 });
    expect(failedObject(MEMORY)).toBe("INDEX embedded_ivf");
    const workers =
      'ERROR:  could not resize shared memory segment "/PostgreSQL.1" to 1 bytes: No space left on device';
    expect(restoreFailure(workers)).toEqual({ kind: "workers" });
  });

  test("rows break a foreign key", () => {
    const violation = { kind: "foreign key", table: "case_events", name: "case_events_case_id_fkey" };
    expect(restoreFailure(KEY)).toEqual({ kind: "rows", violations: [violation] });
  });

  test.each([
    'pg_restore: error: COPY failed for table "pages": ERROR:  function plain(text) does not exist',
    "pg_restore: error: could not execute query: ERROR:  operator does not exist: public.citext = public.citext",
    'ERROR:  relation "settings" does not exist',
    'ERROR:  new row for relation "t" violates check constraint "c"',
  ])("names that are not found: %s", (said) => {
    expect(restoreFailure(said)).toEqual({ kind: "names" });
  });

  test.each([
    'ERROR:  could not extend file "base/1/2": No space left on device',
    "FATAL:  terminating connection due to administrator command",
    'ERROR:  role "reports" does not exist',
    'ERROR:  extension "vector" is not available',
    "pg_restore: error: could not read from input file: end of file",
  ])("a fault of the server: %s", (said) => {
    expect(restoreFailure(said)).toEqual({ kind: "server" });
  });

  test.each([
    'psql: error: connection to server on socket "/s" failed: FATAL:  no pg_hba.conf entry for host "[local]", user "nestfleet_restore"',
    'FATAL:  pg_hba.conf rejects connection for host "[local]", user "nestfleet_restore", database "x", no encryption',
    'FATAL:  Peer authentication failed for user "nestfleet_restore"',
    "fe_sendauth: no password supplied",
  ])("the role that loads rows cannot log in: %s", (said) => {
    expect(restoreFailure(said)).toEqual({ kind: "login" });
  });

  test("code of the dump lacks a privilege", () => {
    const said = 'pg_restore: error: COPY failed for table "pages": ERROR:  permission denied for function f';
    expect(restoreFailure(said)).toEqual({ kind: "rights" });
    expect(restoreFailure("pg_restore: error: could not open input file: Permission denied")).toEqual({
      kind: "server",
    });
  });

  test("the object and the first error", () => {
    const said =
      'pg_restore: error: COPY failed for table "pages": ERROR:  function plain(text) does not exist\nLINE 1: x';
    expect(failedObject(said)).toBe("the data of pages");
    expect(firstError(said)).toBe("function plain(text) does not exist");
    expect(firstError("")).toBe("");
  });

  test("a check, and an index without room for two", () => {
    const check = { kind: "check", table: "t", name: "c" };
    expect(brokenRule('ERROR:  new row for relation "t" violates check constraint "c"')).toEqual(check);
    expect(brokenRule('ERROR:  check constraint "c" of relation "t" is violated by some row')).toEqual(check);
    expect(brokenRule('ERROR:  could not create unique index "u"')).toEqual({ kind: "unique", name: "u" });
    expect(brokenRule("ERROR:  something else")).toBeUndefined();
  });
});
