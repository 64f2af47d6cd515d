import { z } from "zod";
import { after, bodyOfBlock, follows, is, nameAt, type Statement, statementsOf, statementsOfBlock } from "./statements";
import { lex } from "./tokens";
import type { MigrationFile } from "../host/facts";

/** An extension that a migration makes unless it is there. Names are as the catalogs of PostgreSQL have them. */
export const wantedExtension = z.strictObject({
  name: z.string(),
  schema: z.string().optional(),
  version: z.string().optional(),
  /** What it needs is made with it. */
  cascade: z.boolean(),
});
export type WantedExtension = z.infer<typeof wantedExtension>;

/** What a release's migrations want that are not applied yet, each once. */
export function pendingExtensions(migrations: readonly MigrationFile[], applied: readonly string[]): WantedExtension[] {
  const done = new Set(applied);
  const wanted = migrations.filter(({ file }) => !done.has(file)).flatMap(({ sql }) => wantedExtensions(sql));
  // The first that is made is what the later ones find.
  return wanted.filter(({ name }, at) => wanted.findIndex((other) => other.name === name) === at);
}

/**
 * The extensions that a migration makes with `CREATE EXTENSION IF NOT EXISTS`, also in a DO block. One that is made
 * without these words must not be there before.
 */
export function wantedExtensions(sql: string): WantedExtension[] {
  return statementsOf(lex(sql).tokens).flatMap(wantedBy);
}

function wantedBy(statement: Statement): WantedExtension[] {
  const body = bodyOfBlock(statement);
  if (body) return statementsOfBlock(lex(body.text, body.line).tokens).flatMap(wantedBy);
  if (is(statement[0], "EXECUTE"))
    return statement.filter(({ kind }) => kind === "literal").flatMap(({ text }) => wantedExtensions(text));
  if (!follows(statement, 0, "CREATE", "EXTENSION", "IF", "NOT", "EXISTS")) return [];
  const name = identifierAt(statement, 5);
  if (name === undefined) return [];
  let schema: string | undefined;
  let version: string | undefined;
  let cascade = false;
  for (let at = after(statement, 6, "WITH"); at < statement.length; at++) {
    if (is(statement[at], "CASCADE")) cascade = true;
    else if (is(statement[at], "SCHEMA")) schema = identifierAt(statement, ++at);
    else if (is(statement[at], "VERSION")) version = valueAt(statement, ++at);
  }
  return [{ name, ...(schema !== undefined && { schema }), ...(version !== undefined && { version }), cascade }];
}

/** Undefined where it is no plain name. */
function identifierAt(statement: Statement, at: number): string | undefined {
  const quoted = /^"(.+)"$/.exec(nameAt(statement, at).name)?.[1];
  return quoted?.includes('"."') === true ? undefined : quoted?.replaceAll('""', '"');
}

/** A version may be written as a name, too. */
function valueAt(statement: Statement, at: number): string | undefined {
  const token = statement[at];
  return token?.kind === "literal" ? token.text : identifierAt(statement, at);
}
