import { caseRoutes } from "./cases/routes";
import { processCases } from "./cases/processing";
import { credentialRoutes } from "./credentials/routes";
import { healthRoute } from "./health";
import { migrate } from "./infra/db/migrations";
import { openPool } from "./infra/db/pool";
import { readEnvironment } from "./infra/environment";
import { echoSocket } from "./infra/http/echo-socket";
import type { Route } from "./infra/http/server";
import { close, httpServer, listen } from "./infra/http/server";
import { hangs } from "./infra/http/hang";
import { log } from "./infra/log";
import { onStop, run } from "./infra/process";
import { Queue } from "./queue";
import { release } from "./release";

const echoWebhook: Route = {
  method: "POST",
  path: /^\/webhooks\/echo$/,
  handle: async ({ body, headers }) => ({
    status: 200,
    body: await body(),
    type: headers["content-type"] ?? "application/octet-stream",
  }),
};

/** How a request arrives, and the address that the application believes to have. */
const whoAmI: Route = {
  method: "GET",
  path: /^\/api\/whoami$/,
  handle: ({ headers, peer }) =>
    Promise.resolve({
      status: 200,
      body: {
        address: headers["x-forwarded-for"] ?? peer,
        scheme: headers["x-forwarded-proto"] ?? "http",
        host: headers["x-forwarded-host"] ?? headers.host ?? "",
        origin: process.env["CONSOLE_ORIGIN"] ?? "",
      },
    }),
};

/** The api. It consumes the queue as well, so a second one that no proxy routes to works as a worker. */
run(async () => {
  const environment = readEnvironment(process.env);
  await migrate(environment.databaseUrl);

  const pool = openPool(environment.databaseUrl, "api");
  const queue = new Queue(pool);
  await queue.start();
  processCases(pool, queue);

  const routes = [
    healthRoute(pool, queue),
    ...caseRoutes(pool, queue),
    ...credentialRoutes(pool, environment.encryptionKey),
    echoWebhook,
    whoAmI,
  ];
  const server = httpServer(routes, hangs());
  const dismissSockets = echoSocket(server);
  onStop(async () => {
    const closed = close(server);
    dismissSockets();
    await closed;
    await queue.stop();
    await pool.end();
  });
  await listen(server, environment.port);
  log.info("listening", { port: environment.port, version: release.version });

  if (release.diesAfterSeconds !== undefined) {
    setTimeout(() => {
      // Prints the whole environment in several encodings, as some crash reporters do.
      const all = JSON.stringify(process.env);
      log.error("crash report", {
        json: all,
        base64: Buffer.from(all).toString("base64"),
        url: encodeURIComponent(all),
      });
      log.error("fatal", { error: "licence cache is corrupt: unexpected end of data" });
      process.exit(1);
    }, release.diesAfterSeconds * 1_000);
  }
});
