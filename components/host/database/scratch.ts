import { type DatabaseDefinition, settingValues } from "../../release/records/definition";
import { type Database, identifier, literal, MAINTENANCE } from "./database";
import { say } from "../output";

const PROVIDERS = { c: "libc", i: "icu", b: "builtin" };

/** Creates an empty database with the collation of the original, and in its tablespace, if the server has that. */
export async function createCopy(
  database: Database,
  name: string,
  original: DatabaseDefinition,
  tablespacesHere: readonly string[],
): Promise<void> {
  const { owner, encoding, provider, collate, ctype, locale, rules, tablespace } = original;
  const clauses = [
    `OWNER ${identifier(owner)} TEMPLATE template0 ENCODING ${literal(encoding)}`,
    `LC_COLLATE ${literal(collate)} LC_CTYPE ${literal(ctype)}`,
    ...(provider === null ? [] : [`LOCALE_PROVIDER ${PROVIDERS[provider]}`]),
    ...(provider === "i" && locale !== null ? [`ICU_LOCALE ${literal(locale)}`] : []),
    ...(provider === "i" && rules !== null ? [`ICU_RULES ${literal(rules)}`] : []),
    ...(provider === "b" && locale !== null ? [`BUILTIN_LOCALE ${literal(locale)}`] : []),
    ...(tablespacesHere.includes(tablespace) ? [`TABLESPACE ${identifier(tablespace)}`] : []),
  ];
  await database.query(`CREATE DATABASE ${identifier(name)} ${clauses.join(" ")}`, MAINTENANCE);
}

/**
 * Sets owner, grants, settings, limit and comment of a copy: a dump that is restored under another name lacks these.
 */
export async function dressCopy(database: Database, name: string, original: DatabaseDefinition): Promise<void> {
  const copy = `DATABASE ${identifier(name)}`;
  const { connectionLimit, comment, template, settings } = original;
  const statements = [
    ...grantsOf(copy, original),
    ...settings.map((setting) => settingOf(copy, setting)),
    `ALTER ${copy} CONNECTION LIMIT ${connectionLimit}`,
    `COMMENT ON ${copy} IS ${comment === null ? "NULL" : literal(comment)}`,
    `ALTER ${copy} IS_TEMPLATE ${template}`,
  ];
  await database.query(`BEGIN;\n${statements.join(";\n")};\nCOMMIT;`, MAINTENANCE);
}

/** Gives the grants, in their order. A grant by another role than the owner is made in the name of that role. */
function grantsOf(copy: string, { owner, grants }: DatabaseDefinition): string[] {
  if (grants === null) return [];
  const given = grants.flatMap(({ grantor, grantee, privilege, grantable }) => {
    const to = grantee === null ? "PUBLIC" : identifier(grantee);
    const grant = `GRANT ${privilege} ON ${copy} TO ${to}${grantable ? " WITH GRANT OPTION" : ""}`;
    if (grantor === owner) return [grant];
    return [`SET SESSION AUTHORIZATION ${identifier(grantor)}`, grant, "RESET SESSION AUTHORIZATION"];
  });
  return [`REVOKE ALL ON ${copy} FROM PUBLIC, ${identifier(owner)}`, ...given];
}

function settingOf(copy: string, setting: DatabaseDefinition["settings"][number]): string {
  const { role, name } = setting;
  const subject = role === null ? copy : `ROLE ${identifier(role)} IN ${copy}`;
  return `ALTER ${subject} SET ${identifier(name)} TO ${settingValues(setting).map(literal).join(", ")}`;
}

/**
 * Drops a database, if it exists, and ends its sessions first. A subscription, which would block this, is dropped
 * without a connection to its publisher: the slot there stays, because another copy may use it.
 */
export async function dropDatabase(database: Database, name: string): Promise<void> {
  const slots = await database.query(
    `SELECT format('ALTER DATABASE %I IS_TEMPLATE false', datname)
       FROM pg_database WHERE datname = ${literal(name)} AND datistemplate \\gexec
     SELECT count(*) > 0 AS subscribes FROM pg_subscription s JOIN pg_database d ON d.oid = s.subdbid
      WHERE d.datname = ${literal(name)} \\gset
     \\if :subscribes
       ALTER DATABASE ${identifier(name)} ALLOW_CONNECTIONS true;
       \\connect ${identifier(name)}
       SELECT subslotname FROM pg_subscription WHERE subslotname IS NOT NULL
          AND subdbid = (SELECT oid FROM pg_database WHERE datname = current_database());
       SELECT format('ALTER SUBSCRIPTION %I DISABLE', subname), format('ALTER SUBSCRIPTION %I SET (slot_name = NONE)', subname),
              format('DROP SUBSCRIPTION %I', subname)
         FROM pg_subscription WHERE subdbid = (SELECT oid FROM pg_database WHERE datname = current_database()) \\gexec
       \\connect ${MAINTENANCE}
     \\endif
     DROP DATABASE IF EXISTS ${identifier(name)} WITH (FORCE);`,
    MAINTENANCE,
  );
  if (slots.length > 0)
    say(`${name} had subscriptions; their slots on the publishers were left as they are: ${slots.join(", ")}`);
}
