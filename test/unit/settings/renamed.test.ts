import { describe, expect, test } from "vitest";
import { renamedKeys } from "../../../components/settings/renamed";
import { problems, settings } from "./checked";

const KEY = "health.holdSeconds";
const NEW = "pulumi config set --stack prod --path 'nestfleet:health.soakSeconds'";

describe("a key under its former name is refused, with the command that carries its value over", () => {
  test.each([
    [
      "in an object",
      { health: { holdSeconds: 4, timeoutSeconds: 60 } },
      `${NEW} 4 && pulumi config rm --stack prod --path 'nestfleet:${KEY}'`,
    ],
    ["as one key", { [KEY]: "4" }, `${NEW} 4 && pulumi config rm --stack prod nestfleet:${KEY}`],
  ])("%s", (_, config, fix) => {
    expect(problems(config)).toEqual([
      {
        path: `nestfleet:${KEY}`,
        value: "4",
        rule: "called nestfleet:health.soakSeconds, because the key was renamed",
        fix,
      },
    ]);
  });

  test("in both forms at once", () => {
    const found = problems({ [KEY]: "4", health: { holdSeconds: 5 } });
    expect(found.map(({ value }) => value)).toEqual(["4", "5"]);
  });

  test("beside the new one, which keeps its value", () => {
    const [problem, ...others] = problems({ health: { holdSeconds: 4, soakSeconds: 9 } });
    expect(others).toEqual([]);
    expect(problem).toMatchObject({
      rule: expect.stringContaining("that key is given, too") as string,
      fix: `pulumi config rm --stack prod --path 'nestfleet:${KEY}'`,
    });
  });
});

test("the new key has the meaning and the default of the former one", () => {
  expect(settings({ health: { soakSeconds: 4 } }).health.soakSeconds).toBe(4);
  expect(settings({}).health.soakSeconds).toBe(30);
});

describe("any key can be renamed", () => {
  const renamed = (given: { config: object; values?: Record<string, string>; encrypted?: string[] }, to: string) =>
    renamedKeys(
      { values: {}, ...given, stack: "prod", encrypted: new Set(given.encrypted) },
      { old: to, "secrets.old": to },
    ).map(({ fix }) => fix);

  test.each([
    ["a text as it is typed", { config: { old: 1.5 }, values: { old: "1.50" } }, "new", "nestfleet:new 1.50"],
    ["a text with spaces", { config: { old: "a b" }, values: { old: "a b" } }, "new", "nestfleet:new 'a b'"],
    ["into an object", { config: { old: true }, values: { old: "true" } }, "a.b", "--path 'nestfleet:a.b' true"],
    ["an object, by hand", { config: { old: { a: 1 } }, values: { old: "{}" } }, "new", "nestfleet:new VALUE"],
  ])("%s", (_, given, to, set) => {
    expect(renamed(given, to)).toEqual([
      `pulumi config set --stack prod ${set} && pulumi config rm --stack prod nestfleet:old`,
    ]);
  });

  test.each([
    ["encrypted", { config: { old: "s3cret" }, values: { old: "s3cret" }, encrypted: ["old"] }],
    ["a secret by its place", { config: { secrets: { old: "s3cret" } } }],
    ["a credential by its form", { config: { old: "https://me:s3cret@x.example" }, values: { old: "…" } }],
  ])("%s is asked for and not shown", (_, given) => {
    const [fix = ""] = renamed(given, "secrets.new");
    expect(fix).toMatch(
      /^pulumi config set --stack prod --secret --path 'nestfleet:secrets\.new' && pulumi config rm /,
    );
    expect(fix).not.toContain("s3cret");
  });
});
