import { DATABASE, SUPERUSER, UPSTREAM_PORTS } from "../../release/names";

/** The command that a healthcheck runs in the container, and its times. */
export interface Healthcheck {
  readonly test: string[];
  /** Seconds from one check to the next, and until the first one. */
  readonly intervalSeconds: number;
  /** Seconds of failing checks that do not count after a start. */
  readonly startSeconds: number;
}

/** Stands apart from the services, which import all of Pulumi: scripts use the same check, and must start fast. */
export const apiHealthcheck: Healthcheck = {
  test: fetches(UPSTREAM_PORTS.api, "/health"),
  intervalSeconds: 30,
  startSeconds: 300,
};

export const consoleHealthcheck: Healthcheck = {
  test: fetches(UPSTREAM_PORTS.console, "/login"),
  intervalSeconds: 30,
  startSeconds: 60,
};

/**
 * The check uses TCP. At a first start, the image's entrypoint runs a temporary server that creates the cluster,
 * listens on its socket only, and is stopped again: it must not be taken for the database. A first start takes long,
 * and a start after a crash replays the write-ahead log.
 */
export const postgresHealthcheck: Healthcheck = {
  test: ["CMD", "pg_isready", "-h", "127.0.0.1", "-U", SUPERUSER, "-d", DATABASE],
  intervalSeconds: 10,
  startSeconds: 120,
};

/**
 * The images have Node, and may lack curl and a shell. The check uses Node's http: loading fetch takes more than twice
 * the processor time (0.45 s instead of 0.18 s), in every container. It runs twice a minute: gates run it themselves,
 * and the health that Docker shows is for people.
 */
function fetches(port: number, path: string): string[] {
  const url = `http://127.0.0.1:${port}${path}`;
  return [
    "CMD",
    "node",
    "-e",
    `const fail = (e) => { console.error(e.message); process.exit(1); }; require("node:http").get("${url}", { timeout: 4000, agent: false }, (r) => { r.resume(); if (r.statusCode !== 200) fail(new Error(r.statusCode + " from ${path}")); }).on("timeout", () => fail(new Error("no answer from ${path} within 4 s"))).on("error", fail)`,
  ];
}
