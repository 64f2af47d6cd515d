import { setTimeout as sleep } from "node:timers/promises";
import type { Pool } from "pg";
import type { Route } from "./infra/http/server";
import type { Queue } from "./queue";
import { release } from "./release";

const patienceMs = 2_000;

export function healthRoute(pool: Pool, queue: Queue): Route {
  return {
    method: "GET",
    path: /^\/health$/,
    handle: async () => {
      const db = (await answers(pool)) ? "ok" : "error";
      const healthy = db === "ok" && queue.status === "started";
      return {
        status: healthy ? 200 : 503,
        body: {
          status: healthy ? "ok" : "degraded",
          service: "nestfleet",
          version: release.reportedVersion,
          db,
          queue: queue.status,
          timestamp: new Date().toISOString(),
        },
      };
    },
  };
}

async function answers(pool: Pool): Promise<boolean> {
  const asked = pool.query("SELECT 1").then(
    () => true,
    () => false,
  );
  return Promise.race([asked, sleep(patienceMs, false, { ref: false })]);
}
