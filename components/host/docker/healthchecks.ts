import { DATABASE, SUPERUSER, UPSTREAM_PORTS } from "../../release/names";

/** What a healthcheck runs inside the container, and how patient it is. */
export interface Healthcheck {
  readonly test: string[];
  /** Seconds from one check to the next, and until the first one. */
  readonly intervalSeconds: number;
  /** Seconds of failing checks that do not count after a start. */
  readonly startSeconds: number;
}

/** Apart from the services, which pull in the whole of Pulumi: scripts ask the same question, and start in no time. */
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
 * Over TCP: at a first start the image's entrypoint has a server create the cluster that listens on its socket only,
 * and stops it; a client that took that one for the database would find none a moment later. A first start takes its time, and
 * one after a crash replays the write-ahead log.
 */
export const postgresHealthcheck: Healthcheck = {
  test: ["CMD", "pg_isready", "-h", "127.0.0.1", "-U", SUPERUSER, "-d", DATABASE],
  intervalSeconds: 10,
  startSeconds: 120,
};

/**
 * The images have Node and are not known to have curl or a shell. Node's own http: its fetch takes more than twice the
 * processor time to load (0.45 s where this takes 0.18 s), in every container. Twice a minute: gates ask by themselves, and
 * what Docker says of a container's health is for people.
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
