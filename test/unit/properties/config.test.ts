import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { printable } from "../../../components/release/words";
import { check } from "../../../components/settings/check";
import { type ConfigProblem, report } from "../../../components/settings/problem";
import { schema } from "../../../components/settings/schema";
import { checked, problems, settings } from "../settings/checked";
import { accepted, asWritten, type Config, ENCRYPTED } from "./asked";

describe("a good config", () => {
  test("is accepted, and the same when it is read once more", () => {
    fc.assert(
      fc.property(accepted, (config) => {
        expect(problems(config, ENCRYPTED)).toEqual([]);
        expect(checked(config, ENCRYPTED)).toEqual(checked(config, ENCRYPTED));
      }),
      { numRuns: 50 },
    );
  });

  test("is the same when it is written as it was read", () => {
    fc.assert(
      fc.property(accepted, (config) => {
        const read = settings(config, ENCRYPTED);
        expect(settings(asWritten(read), ENCRYPTED)).toEqual(read);
      }),
      { numRuns: 50 },
    );
  });
});

/** The objects of a config whose keys are known. */
const OBJECTS = [
  ...[[], ["http"], ["http", "acme"], ["http", "limits"], ["images"], ["images", "digests"], ["secrets"], ["postgres"]],
  ...[["resources"], ["resources", "api"], ["resources", "caddy"], ["worker"], ["backups"], ["health"]],
];
/** What no object of a config has, but every object of this language. */
const INHERITED = ["__proto__", "constructor", "toString", "hasOwnProperty"];

/** The config with something else at a path; what is not there yet, or no object, is made one. */
function replaced(config: unknown, [key, ...path]: readonly string[], value: unknown): unknown {
  if (key === undefined) return value;
  const inner = typeof config === "object" && config !== null && !Array.isArray(config) ? config : {};
  const before = Object.hasOwn(inner, key) ? (inner as Config)[key] : undefined;
  return { ...inner, [key]: replaced(before, path, value) };
}

describe("an unknown key", () => {
  const name = fc.oneof(
    fc.string().map((end) => `x${end}`),
    fc.constantFrom(...INHERITED, "Versions", "acme ", ""),
  );

  test("is refused by its name, wherever it stands and whatever it has", () => {
    fc.assert(
      fc.property(accepted, fc.constantFrom(...OBJECTS), name, fc.jsonValue(), (config, path, key, value) => {
        const found = problems(replaced(config, [...path, key], value) as Config, ENCRYPTED);
        expect(found.map((problem) => problem.path)).toContain(`nestfleet:${[...path, key].join(".")}`);
      }),
    );
  });

  test("is refused by its name in an environment, if it is not the name of a variable", () => {
    fc.assert(
      fc.property(fc.constantFrom("env", "secretEnv"), name, fc.jsonValue(), (environment, key, value) => {
        const found = problems({ [environment]: { [key]: value } }, ENCRYPTED);
        expect(found.map((problem) => problem.path)).toContain(`nestfleet:${environment}.${key}`);
      }),
    );
  });
});

/** The paths of all that a config has, its objects included. */
function pathsOf(value: unknown, path: readonly string[] = []): (readonly string[])[] {
  if (typeof value !== "object" || value === null) return [path];
  return [path, ...Object.entries(value).flatMap(([key, inner]) => pathsOf(inner, [...path, key]))];
}

/** Any wrong value: of another type, or a text with any characters. */
const anything = fc.oneof(
  fc.jsonValue({ maxDepth: 2 }),
  fc.string({ unit: "binary" }),
  fc.constantFrom<unknown>("", null, [], {}, 0, -1, 1.5, 1e21, true, "\0", "\n", "'", "latest", "https://a:b@c/d?e=f"),
);

/** A good config in which one thing or several were changed to anything. */
const changed = fc
  .tuple(accepted, fc.array(fc.tuple(fc.nat(), anything), { minLength: 1, maxLength: 4 }))
  .map(([config, changes]) =>
    changes.reduce<Config>((before, [at, value]) => {
      const paths = pathsOf(before).filter(({ length }) => length > 0);
      return replaced(before, paths[at % paths.length] ?? ["domain"], value) as Config;
    }, config),
  );

/** Any configuration that Pulumi may pass on: any texts under any names. */
const raw = fc.dictionary(
  fc.oneof(fc.constantFrom(...Object.keys(schema.shape), ...INHERITED), fc.string()),
  fc.oneof(fc.json(), fc.string({ unit: "binary" }), fc.constantFrom("1.5.0", "{}", "[]", '{"__proto__":{"a":1}}')),
);

describe("a config of anything", () => {
  function expectTold(found: readonly ConfigProblem[]) {
    expect(found).not.toEqual([]);
    for (const { path, rule, fix } of found) {
      expect(path).toMatch(/^nestfleet:/);
      expect(rule).not.toBe("");
      expect(fix).toMatch(/pulumi config (?:set|rm) --stack prod /);
    }
    expect(printable(report(found, "prod"))).toMatch(/^\d+ problems? in the configuration of stack prod /);
  }

  test("is accepted or refused, and each problem is reported with its path, its rule and a command", () => {
    fc.assert(
      fc.property(changed, (config) => {
        const result = checked(config, ENCRYPTED);
        if ("problems" in result) expectTold(result.problems);
        else expect(settings(asWritten(result.settings), ENCRYPTED)).toEqual(result.settings);
      }),
      { numRuns: 150 },
    );
  });

  test("is so as well if its values are not JSON", () => {
    const written = fc.option(fc.dictionary(fc.string(), fc.string()), { nil: undefined });
    fc.assert(
      fc.property(raw, fc.array(fc.constantFrom(...ENCRYPTED)), written, (values, encrypted, plain) => {
        const result = check({
          values,
          encrypted: new Set(encrypted),
          stack: "prod",
          written: plain && new Map(Object.entries(plain)),
        });
        if ("problems" in result) expectTold(result.problems);
      }),
    );
  });
});

describe("a secret", () => {
  /** Nothing that a rule, a path or a command has in it. */
  const secret = fc.stringMatching(/^[G-Z][0-9]{11}[g-z]{4}$/);
  const inJson = (value: string) =>
    fc.constantFrom<unknown>(value, [value], { value }, { a: { B_C: [value] } }, `${value}\n${value}`, [[`x${value}`]]);
  const shaped = secret.chain((value) => inJson(value).map((shape) => ({ value, shape })));

  function expectHidden(config: Config, value: string, encrypted: readonly string[] = ENCRYPTED) {
    // Something is wrong in any case, so that there is a report.
    const found = problems({ ...config, unheard: "of" }, [...encrypted]);
    expect(found.length).toBeGreaterThan(0);
    expect(report(found, "prod")).not.toContain(value);
  }

  test("is in no report, whatever of secrets or of secretEnv it stands for and in whatever shape", () => {
    const path = fc.oneof(
      fc.constantFrom(["secrets"], ["secretEnv"]),
      fc.constantFrom(...Object.keys(schema.shape.secrets.unwrap().shape)).map((key) => ["secrets", key]),
      fc.tuple(fc.constantFrom(...ENCRYPTED), fc.string()),
    );
    fc.assert(
      fc.property(accepted, path, shaped, fc.boolean(), (config, at, { value, shape }, isEncrypted) => {
        expectHidden(replaced(config, at, shape) as Config, value, isEncrypted ? ENCRYPTED : []);
      }),
    );
  });

  test("is in no report where it stands under a mistaken name that is encrypted", () => {
    const name = fc.constantFrom("secretenv", "secretsEnv", "secert", "passwords", "env", "source", "http", "images");
    fc.assert(
      fc.property(name, shaped, fc.constantFrom([], ["jwtSecret"], ["TOKEN"]), (key, { value, shape }, path) => {
        expectHidden(replaced({}, [key, ...path], shape) as Config, value, [...ENCRYPTED, key]);
      }),
    );
  });

  test("is in no report if it is in plain text in a URL, as password or query", () => {
    const url = fc.constantFrom(
      (value: string) => `https://user:${value}@git.example.com/a.git`,
      (value: string) => `https://${value}@git.example.com/a.git`,
      (value: string) => `https://git.example.com/a.git?token=${value}`,
      (value: string) => `ssh://user:${value}@host`,
      (value: string) => `redis://:${value}@host and more`,
      (value: string) => `postgres://a:x${value}@b postgres://c:${value}"@d`,
    );
    const paths = fc.oneof(
      fc.constantFrom(...Object.keys(schema.shape)).map((key) => [key]),
      fc.constantFrom(["http", "publicUrl"], ["http", "acme", "directory"], ["env", "REDIS_URL"], ["images", "api"]),
    );
    fc.assert(
      fc.property(accepted, paths, url, secret, fc.boolean(), (config, path, from, value, isListed) => {
        expectHidden(replaced(config, path, isListed ? [from(value)] : from(value)) as Config, value);
      }),
    );
  });

  test("is in no report if it is in plain text under a name that says that it is a secret", () => {
    const name = fc.constantFrom("API_KEY", "SMTP_PASSWORD", "token", "jwtSecret", "postgresPassword", "tlsKey");
    const around = fc.constantFrom([], ["env"], ["env", "SMTP"], ["http"], ["postgres"], ["unknown", "more"]);
    fc.assert(
      fc.property(around, name, shaped, (path, key, { value, shape }) => {
        expectHidden(replaced({}, [...path, key], shape) as Config, value);
      }),
    );
  });
});
