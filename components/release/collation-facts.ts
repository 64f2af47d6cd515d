import { z } from "zod";

/** What a server says of the library that its collations come from. */
export const collationFacts = z.object({
  /** Version of the library that the database's default collation was made with, and the one that it has now. */
  recorded: z.string().nullable(),
  actual: z.string().nullable(),
  /** True where indexes may be in another order than the library of today would give them. */
  outdated: z.boolean(),
  /** All indexes that depend on a version, and their size. */
  indexes: z.number(),
  bytes: z.number(),
});
export type CollationFacts = z.infer<typeof collationFacts>;
