import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "pg";
import { release } from "../../release";
import { log, reason } from "../log";

const patienceMs = 30_000;

/** Waits for a database that is starting: after a reboot every container starts at once. */
export async function connect(databaseUrl: string, role: string): Promise<Client> {
  const deadline = Date.now() + patienceMs;
  for (;;) {
    const client = new Client({
      connectionString: databaseUrl,
      connectionTimeoutMillis: 5_000,
      application_name: `nestfleet-${role} ${release.version}`,
    });
    client.on("error", (error) => {
      log.warn("database connection lost", { error: reason(error) });
    });
    try {
      await client.connect();
      return client;
    } catch (error) {
      if (!isStarting(error) || Date.now() > deadline) {
        throw new Error(`cannot reach the database: ${reason(error)}`, { cause: error });
      }
      log.info("database not ready yet", { error: reason(error) });
      await sleep(1_000);
    }
  }
}

const startingCodes = ["ECONNREFUSED", "ECONNRESET", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH", "57P03"];

function isStarting(error: unknown): boolean {
  if (error instanceof AggregateError) return error.errors.every(isStarting);
  return error instanceof Error && "code" in error && startingCodes.includes(String(error.code));
}
