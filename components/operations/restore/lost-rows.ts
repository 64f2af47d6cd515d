import { DATABASE, sessionName } from "../../release/names";
import { rowsBeyond } from "../../release/restore-impact";
import type { Database } from "../../host/database/database";
import { countRows, type Rows } from "../../host/database/rows";
import { Session } from "../../host/database/session";

/**
 * Counts by how many rows a replaced database goes beyond what replaced it, per table; the other tables are left out. It
 * is out of use by then: the numbers are exact, and no request waits for them.
 */
export async function lostRows(
  database: Database,
  replaced: string,
  restored: Rows | undefined,
): Promise<Record<string, number>> {
  const rows = restored ?? (await rowsOf(database, DATABASE));
  return rowsBeyond(await rowsOf(database, replaced), rows);
}

async function rowsOf(database: Database, name: string): Promise<Rows> {
  const session = new Session(database, sessionName("restore"), name);
  try {
    return await countRows(session);
  } finally {
    await session.close();
  }
}
