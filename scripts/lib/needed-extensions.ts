import type { DockerClient } from "../../components/docker/client";
import { appliedMigrations } from "../../components/host/database";
import { asTheApplication } from "../../components/host/psql";
import { readMigrations } from "../../components/host/target";
import { type WantedExtension, wantedExtensions } from "../../components/release/extensions";
import { complaint, type Database, literal } from "./database";
import { say } from "./run";

/**
 * Makes the extensions that pending migrations of an image want, and that only a superuser may make: the migrations run
 * as the application, and find them. Those that the application may make itself it makes, and owns. What cannot be made
 * is told: the migration will say it, too.
 */
export async function makeNeededExtensions(docker: DockerClient, database: Database, image: string): Promise<void> {
  const migrations = await readMigrations(docker, image);
  if (typeof migrations === "string") {
    say(`The migrations of ${image} cannot be read for the extensions that they need: ${migrations}`);
    return;
  }
  const applied = new Set(await appliedMigrations(database.docker, database.container));
  const wanted = migrations.filter(({ file }) => !applied.has(file)).flatMap(({ sql }) => wantedExtensions(sql));
  const only = new Map(wanted.map((extension) => [extension.name, extension]));
  for (const extension of only.values()) await make(database, extension);
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
