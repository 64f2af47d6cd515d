import { asTheApplication } from "./psql";
import type { WantedExtension } from "../../release/sql/extensions";
import { complaint, type Database, literal } from "./database";
import { say } from "../output";

/**
 * Creates the extensions that pending migrations need: most extensions need a superuser, and the migrations run as the
 * application. The superuser owns all of them, as after every restore: dumps do not contain the owner of an extension.
 * An extension that cannot be created is reported; the migration will then fail with its own message.
 */
export async function makeExtensions(database: Database, wanted: readonly WantedExtension[]): Promise<void> {
  for (const extension of wanted) await make(database, extension);
}

async function make(database: Database, extension: WantedExtension): Promise<void> {
  const { name } = extension;
  try {
    const made = await database.query(creation(extension));
    if (made.length > 0) say(`the extension ${name} was created for the migrations`);
  } catch (error) {
    say(`the extension ${name}, which a migration needs, cannot be created: ${complaint(error)}`);
  }
}

/** Gives the statement that creates an extension in the schema where the application would create it. */
function creation({ name, schema, version, cascade }: WantedExtension): string {
  const of = `name = ${literal(name)} AND version = coalesce(${version === undefined ? "NULL" : literal(version)},
    (SELECT default_version FROM pg_available_extensions WHERE name = ${literal(name)}))`;
  const into = schema === undefined ? ":'current'" : literal(schema);
  return `${asTheApplication("current", "coalesce(pg_catalog.current_schema(), 'public'::pg_catalog.name)")}
    SELECT format('CREATE EXTENSION IF NOT EXISTS %I%s VERSION %L${cascade ? " CASCADE" : ""}; SELECT %L;',
             name, CASE WHEN schema IS NULL THEN format(' SCHEMA %I', ${into}) END, version, name)
      FROM pg_available_extension_versions v
     WHERE ${of} AND NOT EXISTS (SELECT FROM pg_extension WHERE extname = v.name) \\gexec`;
}
