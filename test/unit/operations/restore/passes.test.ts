import { describe, expect, test } from "vitest";
import type { Entry } from "../../../../components/operations/restore/archive-contents";
import { foreignKeySteps, type Plan, stepsOf } from "../../../../components/operations/restore/passes";

const entry = (id: string, catalog: number, text: string): Entry => ({ id, catalog, text });
const rows = (id: string) => entry(id, 0, `TABLE DATA public ${id} nestfleet`);
const sequence = entry("sequence", 0, "SEQUENCE SET public s nestfleet");
const index = (id: string) => entry(id, 1259, `INDEX public ${id} nestfleet`);
const definition = entry("definition", 1255, "FUNCTION public f() nestfleet");
const attachment = entry("attachment", 0, "INDEX ATTACH public i nestfleet");
const check = entry("check", 2606, "CHECK CONSTRAINT public t c nestfleet");
const foreignKey = entry("key", 2606, "FK CONSTRAINT public t k nestfleet");
const trigger = entry("trigger", 2620, "TRIGGER public t g nestfleet");
const event = entry("event", 3466, "EVENT TRIGGER - e nestfleet");

const EMPTY: Plan = { rows: new Map(), rules: new Map(), values: [], post: [], referenced: new Map() };

/** The steps with their roles, in short; `new` is a loader role that is made for the step. */
function told(plan: Partial<Plan>): string[] {
  return stepsOf({ ...EMPTY, ...plan }).map((step) => {
    if (!("entries" in step)) return step.do;
    const made = step.do === "restore" && step.before !== undefined ? "new " : "";
    return `${step.do}${step.do === "restore" ? ` as ${made}${step.as}` : ""}: ${step.entries.join(" ")}`;
  });
}

describe("the passes of a restore", () => {
  test("one owner: its rows, indexes, its rules by the same role, the rest, and what comes last", () => {
    const post = [index("i"), attachment, trigger, event];
    const rules = new Map([["app", [check, foreignKey]]]);
    expect(told({ rows: new Map([["app", [rows("t")]]]), rules, values: [sequence], post })).toEqual([
      "restore as new nestfleet_restore: t",
      "domains: sequence i",
      "asleep: attachment",
      "restore as nestfleet_restore: check key",
      "count: trigger",
      "restore as nestfleet: event",
    ]);
  });

  test("several owners: each by a role of its own, and a superuser's by the superuser", () => {
    const loaded = new Map([[null, [rows("s")]], ["app", [rows("a")]], ["eve", [rows("e")]]]); // prettier-ignore
    const rules = new Map([[null, [check]], ["eve", [foreignKey]]]); // prettier-ignore
    expect(told({ rows: loaded, rules, values: [sequence] })).toEqual([
      "restore as new nestfleet_restore: a",
      "restore as new nestfleet_restore: e",
      "restore as nestfleet: s sequence",
      "restore as nestfleet: check",
      "restore as new nestfleet_restore: key",
      "count: ",
    ]);
  });

  test("the role for an owner that refers to tables of others is made again, with the privilege to do so", () => {
    const plan = {
      rows: new Map([["app", [rows("t")]]]),
      rules: new Map([["app", [foreignKey]]]),
      referenced: new Map([["app", [{ schema: "closed", name: "it's" }]]]),
    };
    expect(told(plan)[1]).toBe("restore as new nestfleet_restore: key");
    const made = foreignKeySteps({ ...EMPTY, ...plan })[0]?.[0];
    expect(made).toMatchObject({ before: expect.stringContaining(`[{"schema":"closed","name":"it''s"}]`) as unknown });
  });

  test("an index comes after the definition that it needs, and before the next", () => {
    const post = [index("i"), index("j"), definition, index("k")];
    expect(told({ post })).toEqual(["domains: i j", "asleep: definition", "domains: k", "count: "]);
  });

  test("foreign keys are tried once more, without the checks", () => {
    const rules = new Map([[null, [check, foreignKey]]]);
    expect(foreignKeySteps({ ...EMPTY, rules })).toEqual([[{ do: "restore", as: "nestfleet", entries: ["key"] }]]);
  });
});
