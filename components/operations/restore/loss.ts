import { rowsBeyond } from "../../release/restoration";
import { type Database, DATABASE } from "../../host/database/database";
import { countRows } from "../../host/database/rows";
import { Session } from "../../host/database/session";

/**
 * By how many rows a database that was replaced goes beyond what replaced it, per table; tables that do not are left
 * out. Counted once it is out of use: exact, and nobody waits for it.
 */
export async function lossOf(
  database: Database,
  replaced: string,
  baseline: Readonly<Record<string, number>> | undefined,
): Promise<Record<string, number>> {
  const rows = baseline ?? (await rowsOf(database, DATABASE));
  return rowsBeyond(await rowsOf(database, replaced), rows);
}

async function rowsOf(database: Database, name: string): Promise<Record<string, number>> {
  const session = new Session(database, "nestfleet-restore", name);
  try {
    return await countRows(session);
  } finally {
    await session.close();
  }
}
