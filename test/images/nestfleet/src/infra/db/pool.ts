import { Pool } from "pg";
import type { PoolClient } from "pg";
import { release } from "../../release";
import { log, reason } from "../log";

export function openPool(databaseUrl: string, role: string): Pool {
  const pool = new Pool({
    connectionString: databaseUrl,
    max: 10,
    connectionTimeoutMillis: 5_000,
    application_name: `nestfleet-${role} ${release.version}`,
  });
  // Without a listener, a connection that the server closes would end the process. The pool's own listener is for idle
  // connections only, the other one for those in use.
  pool.on("error", (error) => {
    log.warn("idle database connection lost", { error: reason(error) });
  });
  pool.on("connect", (client) => {
    client.on("error", (error) => {
      log.warn("database connection lost", { error: reason(error) });
    });
  });
  return pool;
}

export async function inTransaction<Result>(
  pool: Pool,
  work: (client: PoolClient) => Promise<Result>,
): Promise<Result> {
  const client = await pool.connect();
  let broken: Error | undefined;
  try {
    await client.query("BEGIN");
    const result = await work(client);
    await client.query("COMMIT");
    return result;
  } catch (error) {
    await client.query("ROLLBACK").catch((failure: unknown) => {
      broken = failure instanceof Error ? failure : new Error(reason(failure));
    });
    throw error;
  } finally {
    client.release(broken);
  }
}
