import { z } from "zod";
import type { Migration } from "../facts";
import { namedOptions, wordOf } from "./block";
import { isUnknown } from "./computed";
import type { Statement } from "./statements";

/** An extension that a migration makes unless it exists. Names are spelled as in the catalogs of PostgreSQL. */
export const wantedExtension = z.strictObject({
  name: z.string(),
  schema: z.string().optional(),
  version: z.string().optional(),
  /** True when the extensions that it needs are made with it. */
  cascade: z.boolean(),
});
export type WantedExtension = z.infer<typeof wantedExtension>;

/** The extensions that a release's pending migrations need, each once. */
export function pendingExtensions(migrations: readonly Migration[], applied: readonly string[]): WantedExtension[] {
  const done = new Set(applied);
  const wanted = migrations.filter(({ file }) => !done.has(file)).flatMap(({ reading }) => reading?.extensions ?? []);
  // A later migration finds the extension that the first one has made.
  return wanted.filter(({ name }, at) => wanted.findIndex((other) => other.name === name) === at);
}

/**
 * The extensions that a migration makes with `CREATE EXTENSION IF NOT EXISTS`, also in a DO block. An extension that is
 * made without these words must not exist before.
 */
export function wantedExtensions(statements: readonly Statement[]): WantedExtension[] {
  return statements.flatMap(({ node, inside }) => {
    if (inside !== undefined) return wantedExtensions(inside);
    if (!("CreateExtensionStmt" in node) || node.CreateExtensionStmt.if_not_exists !== true) return [];
    const { extname: name = "", options } = node.CreateExtensionStmt;
    const { schema, new_version: version, cascade } = namedOptions(options);
    const words = { schema: wordOf(schema), version: wordOf(version) };
    if ([name, ...Object.values(words)].some((word) => word !== undefined && isUnknown(word))) return [];
    return [{ name, ...words, cascade: cascade !== undefined }];
  });
}
