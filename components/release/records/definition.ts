import { z } from "zod";

const setting = z.object({ name: z.string(), value: z.string() });

/**
 * The properties of a database beside its contents. A dump has them under the database's own name only, and contains no
 * roles.
 */
const databaseDefinition = z.object({
  owner: z.string(),
  encoding: z.string(),
  /** `c` for the C library, `i` for ICU, `b` for PostgreSQL's own; null before PostgreSQL 15. */
  provider: z.enum(["c", "i", "b"]).nullable(),
  collate: z.string(),
  ctype: z.string(),
  locale: z.string().nullable(),
  rules: z.string().nullable(),
  tablespace: z.string(),
  template: z.boolean(),
  /** Sessions; -1 is no limit. */
  connectionLimit: z.int(),
  comment: z.string().nullable(),
  /**
   * Grants in the order in which they were made; null where nothing was granted or revoked. A null grantee is PUBLIC.
   */
  grants: z
    .array(
      z.object({
        grantor: z.string(),
        grantee: z.string().nullable(),
        privilege: z.enum(["CREATE", "CONNECT", "TEMPORARY"]),
        grantable: z.boolean(),
      }),
    )
    .nullable(),
  /** Settings of the database, or, with a role, of that role in this database. */
  settings: z.array(setting.extend({ role: z.string().nullable() })),
  /** Schemas in which a session of the application finds names, then the schemas of extensions, then the others. */
  searchPath: z.array(z.string()),
  /** Other tablespaces in which its tables and indexes lie. */
  tablespaces: z.array(z.string()),
  /** The memory that the build of an index may use, in kilobytes. */
  maintenanceKilobytes: z.int(),
});
export type DatabaseDefinition = z.infer<typeof databaseDefinition>;

/** A role of the server, without its password. */
const roleDefinition = z.object({
  name: z.string(),
  superuser: z.boolean(),
  inherit: z.boolean(),
  createRole: z.boolean(),
  createDatabase: z.boolean(),
  login: z.boolean(),
  replication: z.boolean(),
  bypassRowSecurity: z.boolean(),
  /** Sessions; -1 is no limit. */
  connectionLimit: z.int(),
  validUntil: z.string().nullable(),
  comment: z.string().nullable(),
  /** Roles of which it is a member; `inherit` and `set` are null before PostgreSQL 16. */
  memberOf: z.array(
    z.object({ role: z.string(), admin: z.boolean(), inherit: z.boolean().nullable(), set: z.boolean().nullable() }),
  ),
  settings: z.array(setting),
});
export type RoleDefinition = z.infer<typeof roleDefinition>;

export const definition = z.object({ database: databaseDefinition, roles: z.array(roleDefinition) });
export type Definition = z.infer<typeof definition>;

/** The settings whose value is a list of names, each of which is quoted separately. */
const LISTS = [
  "search_path",
  "temp_tablespaces",
  "local_preload_libraries",
  "session_preload_libraries",
  "shared_preload_libraries",
  "unix_socket_directories",
];

/** The values of a setting, as a list: `"$user", public` has two. */
export function settingValues({ name, value }: { readonly name: string; readonly value: string }): string[] {
  if (!LISTS.includes(name.toLowerCase())) return [value];
  const names = [...value.matchAll(/"((?:[^"]|"")*)"|([^\s,"]+)/g)];
  return names.length === 0 ? [""] : names.map(([, quoted, bare]) => quoted?.replaceAll('""', '"') ?? bare ?? "");
}
