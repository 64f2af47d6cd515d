import { z } from "zod";

/** What a server says of the library that provides its collations. */
export const collationFacts = z.object({
  /** The library's version with which the database's default collation was made, and the present version. */
  recorded: z.string().nullable(),
  actual: z.string().nullable(),
  /** True where indexes may be in another order than the present library would give them. */
  outdated: z.boolean(),
  /** The number of all indexes that depend on that version, and their size. */
  indexes: z.number(),
  bytes: z.number(),
});
export type CollationFacts = z.infer<typeof collationFacts>;
