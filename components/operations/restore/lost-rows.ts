import { DATABASE, sessionName } from "../../release/names";
import { rowsBeyond } from "../../release/restore-impact";
import type { Database } from "../../host/database/database";
import { countRows, type Rows } from "../../host/database/rows";
import { Session } from "../../host/database/session";

/**
 * Counts, for each table, how many more rows the previous database has than the one that replaced it; tables without more
 * rows are left out. The previous database is not used any more: the numbers are exact, and no request waits for them.
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
