import { describe, expect, test } from "vitest";
import {
  entriesOf,
  isRows,
  isStatistics,
  kindOf,
  Owners,
  referencesIn,
} from "../../../../components/operations/restore/archive-contents";

const LIST = `;
; Archive created at 2026-11-27 22:06:56 UTC
;     dbname: nestfleet
;
; Selected TOC Entries:
;
3466; 0 0 ACL - SCHEMA public pg_database_owner
3459; 0 16412 TABLE DATA public pages nestfleet
`;

/** The output of `pg_restore --list`. */
const entry = (catalog: number, text: string) => ({ id: "1", catalog, text });
const rows = (text: string) => entry(0, `TABLE DATA ${text}`);
const owned = (schema: string, name: string, owner: string | null) => ({ schema, name, owner });

describe("the table of contents of a dump", () => {
  test("is read line by line, without its heading", () => {
    expect(entriesOf(LIST.split("\n"))).toEqual([
      { id: "3466", catalog: 0, text: "ACL - SCHEMA public pg_database_owner" },
      { id: "3459", catalog: 0, text: "TABLE DATA public pages nestfleet" },
    ]);
  });

  test.each([
    [1259, "INDEX public pages_pkey nestfleet", "index"],
    [2606, "CONSTRAINT public pages pages_pkey nestfleet", "index"],
    [0, "INDEX ATTACH public pages_1_pkey nestfleet", "attachment"],
    [1259, "INDEX ATTACH pages_pkey nestfleet", "index"],
    [2606, "CHECK CONSTRAINT public pages long nestfleet", "rule"],
    [2606, "FK CONSTRAINT public pages pages_book_fkey nestfleet", "rule"],
    [2606, "CONSTRAINT FK CONSTRAINT x nestfleet", "index"],
    [1259, "MATERIALIZED VIEW public counts nestfleet", "definition"],
    [1259, "MATERIALIZED VIEW DATA counts nestfleet", "definition"],
    [1255, "FUNCTION public f(integer) nestfleet", "definition"],
    [0, "MATERIALIZED VIEW DATA public counts nestfleet", "last"],
    [3466, "EVENT TRIGGER - watch nestfleet", "last"],
    [0, "COMMENT - EVENT TRIGGER watch nestfleet", "last"],
    [0, "COMMENT public CONSTRAINT long ON pages nestfleet", "other"],
    [2620, "TRIGGER public pages touch nestfleet", "other"],
    [826, "DEFAULT ACL public DEFAULT PRIVILEGES FOR TABLES nestfleet", "other"],
  ])("%i %s is of the kind %s", (catalog, text, kind) => {
    expect(kindOf(entry(catalog, text))).toBe(kind);
  });

  test("rows are distinguished from other data", () => {
    expect(isRows(rows("public pages nestfleet"))).toBe(true);
    expect(isRows(entry(0, "SEQUENCE SET public pages_id_seq nestfleet"))).toBe(false);
    expect(isStatistics(entry(0, "STATISTICS DATA public pages nestfleet"))).toBe(true);
  });
});

describe("the owner of a table", () => {
  const roles = ["nestfleet", "eve", "odd role", "role", 'a "quoted" one', "new\nline"];
  const owners = new Owners(
    [
      owned("public", "pages", "eve"),
      owned("public", "no.dots", null),
      owned("odd schema", "Odd \"Table's", "odd role"),
      owned("public", "new\r\nline", "eve"),
      owned("public", "pages 2", "nestfleet"),
      owned("public 2", "pages", "nestfleet"),
      owned("a", "b c", "eve"),
      owned("a b", "c", "nestfleet"),
      owned("x", "y z", "eve"),
      owned("x y", "z", "eve"),
    ],
    roles,
  );

  test.each([
    ["public pages nestfleet", ["eve"]],
    ["public pages odd role", ["eve"]],
    ["public no.dots eve", [null]],
    ["odd schema Odd \"Table's odd role", ["odd role"]],
    ['public pages a "quoted" one', ["eve"]],
    ["public new  line new line", ["eve"]],
    ["public pages 2 nestfleet", ["nestfleet"]],
    ["public 2 pages nestfleet", ["nestfleet"]],
    ["x y z eve", ["eve"]],
    ["a b c eve", ["eve", "nestfleet"]],
    ["public pages", []],
    ["public pages nobody", []],
    ["public other nestfleet", []],
  ])("is known from the line of its rows: %s", (text, expected) => {
    expect([...owners.ofRows(rows(text))]).toEqual(expected);
  });

  test.each([
    ["CHECK CONSTRAINT public pages long nestfleet", ["eve"]],
    ["FK CONSTRAINT public pages a b c nestfleet", ["eve"]],
    ["FK CONSTRAINT public pages 2 key nestfleet", ["eve", "nestfleet"]],
    ["CHECK CONSTRAINT a b c d eve", ["eve", "nestfleet"]],
    ["CHECK CONSTRAINT odd schema Odd \"Table's  CONSTRAINT x odd role", ["odd role"]],
    ["CHECK CONSTRAINT public pages nestfleet", []],
  ])("is known from the line of a rule: %s", (text, expected) => {
    expect([...owners.ofRule(entry(2606, text))]).toEqual(expected);
  });
});

test("foreign keys have the table that they refer to", () => {
  const statements = `
--
-- Name: notes notes_person_fkey; Type: FK CONSTRAINT; Schema: app; Owner: nestfleet
--

ALTER TABLE ONLY app.notes
    ADD CONSTRAINT notes_person_fkey FOREIGN KEY (person) REFERENCES app.people(id) ON DELETE CASCADE;
ALTER TABLE "odd ""schema"."a.b(c)"
    ADD CONSTRAINT "x REFERENCES y.z(" FOREIGN KEY ("odd )""column", id) REFERENCES public."new
line"(id, other) NOT VALID;
ALTER TABLE ONLY app.notes
    ADD CONSTRAINT short CHECK ((length(text) < 40));`;
  expect(referencesIn(statements)).toEqual([
    { from: { schema: "app", name: "notes" }, to: { schema: "app", name: "people" } },
    { from: { schema: 'odd "schema', name: "a.b(c)" }, to: { schema: "public", name: "new\nline" } },
  ]);
});
