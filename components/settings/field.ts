import { z } from "zod";

/**
 * A config value with one rule. However the value breaks it (type, range, form), the operator reads the same sentence,
 * and gets an example that works.
 */
export function field<T>(inner: z.ZodType<T>, rule: string, example: string) {
  return z.unknown().transform((value, context): T => {
    const parsed = inner.safeParse(value);
    if (parsed.success) return parsed.data;
    context.issues.push({ code: "custom", message: rule, input: value, params: { example } });
    return z.NEVER;
  });
}

/** A string that must match `form`. */
export function text(form: RegExp, rule: string, example: string) {
  return field(z.string().regex(form), rule, example);
}

/** The limits of a whole number, both included, and its unit. */
interface Whole {
  readonly min: number;
  readonly max: number;
  readonly unit: string;
  readonly example: number;
}

/** A whole number within limits. */
export function whole({ min, max, unit, example }: Whole) {
  return field(z.int().min(min).max(max), `a whole number of ${unit} from ${min} to ${max}`, String(example));
}

/** One of a few words; the first is the usual one. */
export function choice<const Words extends readonly [string, ...string[]]>(...words: Words) {
  return field(z.enum(words), `one of ${words.join(", ")}`, words[0]);
}
