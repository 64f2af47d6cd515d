import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { conceal, withheld } from "../../../components/host/docker/redaction";

/** So many characters of a secret in a row are some of it: with fewer, a plain word would be. */
const SOME = 8;

/** A secret that looks made up, of characters that no text around it has. */
const character = fc.oneof(
  { weight: 3, arbitrary: fc.stringMatching(/^[a-z0-9]$/) },
  fc.constantFrom("+/=", '"', "\\", "%", "&", "ü", "€", "\u{1f511}", "'", ":", "@", "#", "$"),
);
const madeUp = fc.string({ unit: character, minLength: 7, maxLength: 40 }).map((text) => `z9${text}`);
/** Also one that repeats itself, or that is only letters. */
const repeated = fc
  .tuple(fc.stringMatching(/^[a-z]{1,12}$/), fc.integer({ min: 2, max: 8 }), fc.stringMatching(/^[a-z0-9]{0,6}$/))
  .map(([part, times, end]) => part.repeat(times) + end);
/** Also half a character, of which nothing can be written. */
const unit = fc.oneof(
  fc.string({ unit: "binary", maxLength: 1 }),
  fc.integer({ max: 0xffff, min: 0 }).map((code) => String.fromCharCode(code)),
);
const broken = fc.string({ unit, minLength: 8, maxLength: 30 });
const secret = fc
  .oneof({ weight: 4, arbitrary: madeUp }, repeated, broken)
  .filter((text) => text.trim().length >= SOME && !/^nestfleet/i.test(text) && !text.includes("*"));
/** A text that is not a secret, and shares no characters with one. */
const around = fc.stringMatching(/^[A-Z !,;.()\n-]{0,12}$/);

/** In which a secret may stand in a log, and is hidden; the last two with something that stands before it. */
const SPELLINGS: readonly (readonly [name: string, spell: (secret: string, before: string) => string])[] = [
  ["as it is", (text) => text],
  ["in JSON", (text) => JSON.stringify(text).slice(1, -1)],
  ["in a URL", encoded],
  ["in base64", (text, before) => Buffer.from(before + text).toString("base64")],
  ["in base64 for URLs", (text, before) => Buffer.from(before + text).toString("base64url")],
];

function encoded(text: string): string {
  return encodeURIComponent(Buffer.from(text).toString());
}

/** All rows of characters of a text, or of the part of it that is the secret's alone. */
function rows(text: string): string[] {
  return Array.from({ length: Math.max(0, text.length - SOME + 1) }, (_, at) => text.slice(at, at + SOME));
}

function expectHidden(said: string, spelled: string, environment: Record<string, string>) {
  const shown = withheld(said, environment);
  for (const row of rows(spelled)) expect(shown).not.toContain(row);
}

/** Of a base64 text, what tells of the secret and of nothing else. */
function own(base64: string, before: string, text: string): string {
  const [first, last] = [before, before + text].map((part) => (Buffer.byteLength(part) * 8) / 6);
  return base64.slice(Math.ceil(first ?? 0), Math.floor(last ?? 0));
}

describe("a secret", () => {
  test.each(SPELLINGS)("is not shown %s, whatever stands around it", (name, spell) => {
    fc.assert(
      fc.property(secret, around, around, around, (value, before, inside, after) => {
        const said = spell(value, inside);
        const spelled = name.includes("base64") ? own(said, inside, value) : spell(value, "");
        expectHidden(`${before}${said}${after}`, spelled, { API_KEY: value });
      }),
    );
  });

  test("is not shown where it is said again and again, once whole and once cut off", () => {
    const cut = fc.array(fc.oneof(fc.constant(100), fc.integer({ min: 12, max: 30 })), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(secret, cut, fc.constantFrom("", " ", "…\n"), (value, lengths, between) => {
        expectHidden(lengths.map((length) => value.slice(0, length)).join(between), value, { API_KEY: value });
      }),
    );
  });

  test("is hidden to its end, whatever part of it stands right before it", () => {
    fc.assert(
      fc.property(fc.oneof(secret, repeated), fc.array(fc.nat(30), { maxLength: 3 }), (value, lengths) => {
        const before = lengths.map((length) => value.slice(0, length)).join("");
        fc.pre(value.length >= SOME);
        expect(withheld(before + value, { API_KEY: value }).endsWith("***")).toBe(true);
      }),
    );
  });

  test("is not shown beside others, which may be a part of it", () => {
    fc.assert(
      fc.property(fc.array(madeUp, { minLength: 2, maxLength: 4 }), fc.nat(8), around, (values, at, between) => {
        const [first = ""] = values;
        const all = [...values, first.slice(at)].filter(({ length }) => length >= SOME);
        const environment = Object.fromEntries(all.map((value, index) => [`SECRET_${index}`, value]));
        const said = all.join(`${between} `);
        for (const value of all) expectHidden(said, value, environment);
      }),
    );
  });

  test("is not shown line by line, where it has several, nor as a text inside of JSON", () => {
    const lines = fc.array(fc.stringMatching(/^[a-z0-9+/]{8,30}$/), { minLength: 2, maxLength: 5 });
    fc.assert(
      fc.property(lines, fc.constantFrom("", "  ", "\t", "> "), fc.boolean(), (parts, indent, isJson) => {
        const value = isJson ? JSON.stringify({ type: "a", keys: parts }) : parts.join("\n");
        const said = parts.map((part) => `${indent}${part}`).join("\n");
        for (const part of parts) expectHidden(said, part, { CERTIFICATE_KEY: value });
      }),
    );
  });

  test("is not shown when it is the password of a URL, encoded as there or not", () => {
    const name = fc.constantFrom("DATABASE_URL", "CONSOLE_ORIGIN", "REDIS");
    fc.assert(
      fc.property(madeUp, name, fc.constantFrom("user", ""), (value, variable, user) => {
        const environment = { [variable]: `redis://${user}:${encoded(value)}@host:6379/0` };
        expectHidden(`AUTH ${value} FAILED`, value, environment);
        expectHidden(`AT redis://${user}:${encoded(value)}@host`, encoded(value), environment);
      }),
    );
  });

  test("is shown by no line of the process, once it is concealed", () => {
    fc.assert(
      fc.property(fc.constantFrom("JWT_SECRET", "THING"), madeUp, around, (name, value, before) => {
        conceal({ [name]: value });
        const shown = withheld(`${before}${value} ${JSON.stringify(value)} ${encoded(value)}`);
        for (const row of [...rows(value), ...rows(encoded(value))]) expect(shown).not.toContain(row);
      }),
      { numRuns: 30 },
    );
  });
});

describe("a text without a secret", () => {
  const environment = fc.dictionary(fc.stringMatching(/^[A-Z_]{1,12}$/), fc.oneof(secret, madeUp), { maxKeys: 4 });

  test("is as it was, whatever secrets there are", () => {
    fc.assert(
      fc.property(fc.stringMatching(/^([A-Z]{0,7}[ \n.,;:!-]){0,20}$/), environment, (said, secrets) => {
        expect(withheld(said, secrets)).toBe(said);
      }),
    );
  });

  test("is as it was around a secret, and has three stars in its place", () => {
    fc.assert(
      fc.property(around, madeUp, around, (before, value, after) => {
        expect(withheld(`${before}${value}${after}`, { API_KEY: value })).toBe(`${before}***${after}`);
      }),
    );
  });
});
