import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { assess, type Step } from "../../../components/release/plan-context";
import { strategyFor } from "../../../components/release/strategy";
import { isTag, parseVersion } from "../../../components/release/version";
import { asked, backup, host } from "../release/facts";

/** Few different ones, so that two are often alike; and numbers that only a comparison of text gets wrong. */
const number = fc.oneof({ weight: 4, arbitrary: fc.nat(2) }, fc.constantFrom(9, 10, 11, 100, Number.MAX_SAFE_INTEGER));
const identifier = fc.oneof(
  number.map(String),
  fc.constantFrom("alpha", "beta", "rc", "rc1", "rc-1", "-", "0a", "A", "Z", "a"),
);

interface Parts {
  readonly core: readonly number[];
  readonly pre: readonly string[];
}

const parts: fc.Arbitrary<Parts> = fc.record({
  core: fc.tuple(number, number, number),
  pre: fc.oneof(fc.constant([]), fc.array(identifier, { maxLength: 3 })),
});

function tagOf({ core, pre }: Parts): string {
  return core.join(".") + (pre.length > 0 ? `-${pre.join(".")}` : "");
}

/** By the rules of https://semver.org/#spec-item-11: negative where the first comes before the second. */
function precedence(one: Parts, other: Parts): number {
  const core = one.core.map((part, index) => part - (other.core[index] ?? 0)).find((difference) => difference !== 0);
  if (core !== undefined) return core;
  if (one.pre.length === 0 || other.pre.length === 0) return other.pre.length - one.pre.length;
  const pre = one.pre.map((part, index) => ofIdentifiers(part, other.pre[index])).find((order) => order !== 0);
  return pre ?? one.pre.length - other.pre.length;
}

function ofIdentifiers(one: string, other: string | undefined): number {
  if (other === undefined) return 1;
  const [first, second] = [one, other].map((part) => /^\d+$/.test(part));
  if (first && second) return Number(one) - Number(other);
  if (first !== second) return first ? -1 : 1;
  return one < other ? -1 : Number(one > other);
}

/** As operators and labels spell one and the same release. */
const spelled = fc
  .tuple(parts, fc.constantFrom("", "v"), fc.constantFrom("", " ", "\n"))
  .map(([version, prefix, space]) => ({ version, text: `${space}${prefix}${tagOf(version)}${space}` }));

const UNREACHABLE = { unreachable: "nobody is there" };

/** What an update is, as far as the last one's outputs tell. */
function step(from: string, to: string): Step {
  return assess({ stack: "prod", settings: asked(to), host: UNREACHABLE, last: { version: from } }).step;
}

/** A number such as a sort wants it: what goes up comes later. */
function direction(from: string, to: string): number {
  return { upgrade: -1, rollback: 1, restart: 0, restore: Number.NaN, install: Number.NaN }[step(from, to)];
}

describe("a release, as it is typed,", () => {
  test("is one release, with and without a v and spaces around it", () => {
    fc.assert(
      fc.property(spelled, ({ version, text }) => {
        expect(parseVersion(text)).toEqual({ tag: tagOf(version), semver: tagOf(version) });
      }),
    );
  });

  test("is an image's tag or refused, and the same when it is read once more", () => {
    const typed = fc.oneof(
      spelled.map(({ text }) => text),
      fc.string(),
      fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,9}$/),
      fc.stringMatching(/^v?\d{1,20}(\.\d{1,20}){0,3}$/),
      fc.string({ minLength: 120, maxLength: 140, unit: fc.constantFrom("a", "1", ".", "-") }),
    );
    fc.assert(
      fc.property(typed, fc.boolean(), (text, allowMovingTag) => {
        const version = parseVersion(text, allowMovingTag);
        if (version === undefined) return;
        expect(isTag(version.tag)).toBe(true);
        expect(parseVersion(version.tag, allowMovingTag)).toEqual(version);
        expect(version.semver ?? version.tag).toBe(version.tag);
      }),
    );
  });

  test("is not a mutable tag, in upper or lower case, unless that is allowed", () => {
    const moving = fc.mixedCase(fc.constantFrom("latest", "main", "edge", "nightly", "stable"));
    fc.assert(
      fc.property(moving, (tag) => {
        expect(parseVersion(tag)).toBeUndefined();
        expect(parseVersion(tag, true)).toEqual({ tag });
      }),
    );
  });
});

describe("the direction of an update", () => {
  test("is that of semantic versions, pre-releases included", () => {
    fc.assert(
      fc.property(spelled, spelled, (from, to) => {
        expect(direction(from.text, to.text)).toBe(Math.sign(precedence(from.version, to.version)));
      }),
      { numRuns: 300 },
    );
  });

  test("is the other one on the way back", () => {
    fc.assert(
      fc.property(spelled, spelled, (one, other) => {
        expect(direction(one.text, other.text) + direction(other.text, one.text)).toBe(0);
      }),
    );
  });

  test("is transitive: what is above the second of two is above the first", () => {
    fc.assert(
      fc.property(fc.array(parts.map(tagOf), { minLength: 3, maxLength: 3 }), (tags) => {
        const [first = "", second = "", third = ""] = tags.toSorted(direction);
        expect([step(first, second), step(second, third), step(first, third)]).not.toContain("rollback");
        if (step(first, third) === "restart") expect(new Set(tags).size).toBe(1);
      }),
    );
  });

  test("puts releases into one order, whichever stood first", () => {
    fc.assert(
      fc.property(fc.array(parts.map(tagOf), { maxLength: 8 }).chain(shuffledTwice), ([tags, others]) => {
        expect(tags.toSorted(direction)).toEqual(others.toSorted(direction));
      }),
    );
  });

  test("is that from the release that serves, whatever the last update has noted", () => {
    fc.assert(
      fc.property(parts.map(tagOf), parts.map(tagOf), parts.map(tagOf), (serving, to, noted) => {
        const found = assess({ stack: "prod", settings: asked(to), host: host(serving, to), last: { version: noted } });
        expect(found.step).toBe(step(serving, to));
        expect(found.from?.tag).toBe(serving);
      }),
    );
  });

  test("of tags without an order is that of their migrations, and the other one on the way back", () => {
    const files = fc.uniqueArray(fc.stringMatching(/^\d{4}_[a-z]{1,4}\.sql$/), { minLength: 1, maxLength: 6 });
    const hash = fc.stringMatching(/^sha-[0-9a-f]{7}$/);
    fc.assert(
      fc.property(hash, hash, files, fc.nat(5), fc.boolean(), (older, newer, all, cut, backedUp) => {
        fc.pre(older !== newer);
        const known = all.slice(0, cut % all.length);
        const between = (from: string, to: string, applied: string[], target: string[]) => {
          const facts = host(from, to, {
            facts: { backups: backedUp ? [backup(`20261124T080102Z-${to}`)] : [] },
            database: { applied },
            target: { migrations: target.map((file) => ({ file, sql: "SELECT 1" })) },
          });
          return assess({ stack: "prod", settings: asked(to), host: facts, last: {} }).step;
        };
        expect(between(older, newer, known, all)).toBe("upgrade");
        expect(between(newer, older, all, known)).toBe("rollback");
      }),
    );
  });
});

describe("whether an update recreates", () => {
  const strategies = fc.constantFrom("auto" as const, "rolling" as const, "recreate" as const);
  const between = (from: string, to: string, strategy: "auto" | "rolling" | "recreate") =>
    strategyFor(
      assess({ stack: "prod", settings: asked(to, { strategy }), host: UNREACHABLE, last: { version: from } }),
    );

  test("is the same in both directions", () => {
    fc.assert(
      fc.property(spelled, spelled, strategies, (one, other, strategy) => {
        expect(between(one.text, other.text, strategy)).toBe(between(other.text, one.text, strategy));
      }),
    );
  });

  test("is as the config says, and with auto a matter of the major release alone", () => {
    fc.assert(
      fc.property(spelled, spelled, strategies, (from, to, strategy) => {
        const isSame = tagOf(from.version) === tagOf(to.version);
        const auto = from.version.core[0] === to.version.core[0] ? "rolling" : "recreate";
        expect(between(from.text, to.text, strategy)).toBe(isSame ? "rolling" : strategy === "auto" ? auto : strategy);
      }),
    );
  });
});

function shuffledTwice(tags: string[]): fc.Arbitrary<[string[], string[]]> {
  const all = { minLength: tags.length, maxLength: tags.length };
  return fc.tuple(fc.shuffledSubarray(tags, all), fc.shuffledSubarray(tags, all));
}
