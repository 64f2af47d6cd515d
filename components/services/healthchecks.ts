import type { Healthcheck } from "../docker/service";
import { UPSTREAM_PORTS } from "./upstream";

/** Apart from the services, which pull in the whole of Pulumi: scripts ask the same question, and start in no time. */
export const apiHealthcheck: Healthcheck = { test: fetches(UPSTREAM_PORTS.api, "/health"), startSeconds: 300 };

export const consoleHealthcheck: Healthcheck = { test: fetches(UPSTREAM_PORTS.console, "/login"), startSeconds: 60 };

/** The images have Node and are not known to have curl. */
function fetches(port: number, path: string): string[] {
  return [
    "CMD",
    "node",
    "-e",
    `fetch("http://127.0.0.1:${port}${path}", { signal: AbortSignal.timeout(4000) }).then((r) => { if (!r.ok) throw new Error(r.status + " from ${path}"); }).catch((e) => { console.error(e.cause?.message ?? e.message); process.exit(1); })`,
  ];
}
