import { blocksOf, parsed } from "../release/certificate";
import { z } from "zod";
import { field } from "./field";

/** One certificate or several, as PEM; text between them is left out. */
export function certificates(rule: string) {
  return field(
    z.string().transform((text, context) => {
      const blocks = blocksOf(text);
      if (blocks.length > 0 && blocks.every((block) => parsed(block) !== undefined)) return `${blocks.join("\n")}\n`;
      context.issues.push({ code: "custom", input: "", message: "no certificate" });
      return z.NEVER;
    }),
    rule,
    "",
  );
}
