import { asTheApplication } from "../../components/host/psql";
import type { WantedExtension } from "../../components/release/extensions";
import { complaint, type Database, literal } from "./database";
import { say } from "./run";

/**
 * Makes, of the extensions that pending migrations want, those that only a superuser may make: the migrations run as the
 * application, and find them. The others the application makes itself, and owns. What cannot be made is told: the
 * migration will say it, too.
 */
export async function makeExtensions(database: Database, wanted: readonly WantedExtension[]): Promise<void> {
  for (const extension of wanted) await make(database, extension);
}

async function make(database: Database, extension: WantedExtension): Promise<void> {
  const { name } = extension;
  try {
    const made = await database.query(creation(extension));
    if (made.length > 0) say(`the extension ${name} is made, which only a superuser may`);
  } catch (error) {
    say(`the extension ${name}, which a migration wants, cannot be made: ${complaint(error)}`);
  }
}

/** In the schema where the application would make it. */
function creation({ name, schema, version, cascade }: WantedExtension): string {
  const of = `name = ${literal(name)} AND version = coalesce(${version === undefined ? "NULL" : literal(version)},
    (SELECT default_version FROM pg_available_extensions WHERE name = ${literal(name)}))`;
  const into = schema === undefined ? ":'current'" : literal(schema);
  return `${asTheApplication("current", "pg_catalog.current_schema()")}
    SELECT format('CREATE EXTENSION IF NOT EXISTS %I%s VERSION %L${cascade ? " CASCADE" : ""}; SELECT %L;',
             name, CASE WHEN schema IS NULL THEN format(' SCHEMA %I', ${into}) END, version, name)
      FROM pg_available_extension_versions v
     WHERE ${of} AND v.superuser AND NOT coalesce((to_jsonb(v) ->> 'trusted')::boolean, false)
       AND NOT EXISTS (SELECT FROM pg_extension WHERE extname = v.name) \\gexec`;
}
