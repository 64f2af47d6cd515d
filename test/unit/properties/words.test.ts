import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { firstOf, oneLine, printable } from "../../../components/release/words";

/** Unicode's control characters, except the two that a text of several lines needs. */
const CONTROL = /[^\P{Cc}\n\t]/u;
/** Turns the order of what follows: the end of a name, read as its beginning. */
const TURNING = /[\u202a-\u202e\u2066-\u2069]/;

/** Any text, with more of what does something to a terminal than chance would put into it. */
const words = fc.string({
  unit: fc.oneof(
    fc.string({ unit: "binary", minLength: 1, maxLength: 1 }),
    fc.integer({ min: 0, max: 0xa0 }).map((code) => String.fromCharCode(code)),
    fc.constantFrom("\x1b[2J", "\x1b]0;title\x07", "\x9b1A", "\r", "\r\n", "\u2028", "\u202e", "\u2066", "\ufeff"),
  ),
});

describe("the text of another program", () => {
  test("have no control character left once they are printable", () => {
    fc.assert(
      fc.property(words, (text) => {
        const shown = printable(text);
        expect(shown).not.toMatch(CONTROL);
        expect(shown).not.toMatch(TURNING);
        expect(shown).toHaveLength(text.length);
      }),
    );
  });

  test("stay as they are if there is nothing to remove", () => {
    const harmless = fc.string({ unit: fc.oneof(fc.string({ unit: "grapheme", maxLength: 1 }), fc.constant("\n\t")) });
    fc.assert(fc.property(harmless, (text) => printable(text) === text));
    fc.assert(fc.property(words, (text) => printable(printable(text)) === printable(text)));
  });

  test("are on one line, in their order, whatever separated them", () => {
    const parts = fc.array(fc.tuple(fc.stringMatching(/^\s*$/), fc.stringMatching(/^[^\s]+$/)), { maxLength: 6 });
    fc.assert(
      fc.property(parts, fc.stringMatching(/^\s+$/), (spaced, end) => {
        const separated = spaced.map(([space, word], index) => `${space === "" && index > 0 ? end : space}${word}`);
        expect(oneLine(`${separated.join("")}${end}`)).toBe(spaced.map(([, word]) => word).join(" "));
      }),
    );
  });

  test("in one line and printable have nothing that ends a line or moves the cursor", () => {
    fc.assert(
      fc.property(words, (text) => {
        const line = printable(oneLine(text));
        expect(line).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}]/u);
        expect(oneLine(line)).toBe(line);
      }),
    );
  });
});

test("of a list, the first three are named and all others are counted", () => {
  fc.assert(
    fc.property(fc.array(fc.stringMatching(/^[a-z]+$/), { maxLength: 12 }), (names) => {
      const named = firstOf(names).replace(/ and (\d+) others$/, "");
      const [, others = "0"] = / and (\d+) others$/.exec(firstOf(names)) ?? [];
      expect(named).toBe(names.slice(0, 3).join(", "));
      expect(Math.min(names.length, 3) + Number(others)).toBe(names.length);
    }),
  );
});
