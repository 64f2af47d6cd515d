import { jsonIn } from "../docker/errors";
import type { DatabaseFacts } from "../../release/facts";
import { type Database, MAINTENANCE } from "./database";

/** What a server can restore: its major version, and the extensions that its image has, with their versions. */
type Server = Pick<DatabaseFacts, "major" | "extensions">;

/** The members of a `json_build_object` that make a `Server`. */
export const SERVER = `
    'major', current_setting('server_version_num')::int / 10000,
    'extensions', (SELECT json_object_agg(name, default_version) FROM pg_available_extensions)`;

/** The extensions that the current database has, with their versions, as JSON. */
export const INSTALLED_EXTENSIONS = "(SELECT json_object_agg(extname, extversion) FROM pg_extension)";

export async function serverOf(database: Database): Promise<Server> {
  const [answer = ""] = await database.query(`SELECT json_build_object(${SERVER});`, MAINTENANCE);
  return jsonIn(answer, "exec") as Server;
}
