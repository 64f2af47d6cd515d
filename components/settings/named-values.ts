import { z } from "zod";

const value = z.union([z.string().regex(/^[^\0]*$/), z.number(), z.boolean()]).transform(String);
const VALUE_RULE = "a string, number or boolean";

/** What a map of names and values is, and its rules: each gives the rule that an entry breaks, if any. */
interface Rules {
  /** The names, in the plural. */
  readonly what: string;
  readonly nameRule: (name: string) => string | undefined;
  readonly valueRule: (name: string, value: string) => string | undefined;
}

/**
 * A map of names and values, which reports every entry that breaks a rule. Values become text. It is not a z.record,
 * which ignores a key `__proto__`: every given key must be checked, or refused.
 */
export function namedValues({ what, nameRule, valueRule }: Rules) {
  return z
    .custom<Record<string, unknown>>(
      (given) => typeof given === "object" && given !== null && !Array.isArray(given),
      `${what}, each with its value`,
    )
    .transform((entries, context) => {
      const values: Record<string, string> = {};
      for (const [name, given] of Object.entries(entries)) {
        const parsed = value.safeParse(given);
        const rule = nameRule(name) ?? (parsed.success ? valueRule(name, parsed.data) : VALUE_RULE);
        if (rule !== undefined) context.issues.push({ code: "custom", message: rule, input: given, path: [name] });
        else if (parsed.success) values[name] = parsed.data;
      }
      return values;
    });
}
