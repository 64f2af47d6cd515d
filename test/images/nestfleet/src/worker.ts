import { processCases } from "./cases/processing";
import { healthRoute } from "./health";
import { connect } from "./infra/db/connect";
import { openPool } from "./infra/db/pool";
import { readEnvironment } from "./infra/environment";
import { close, httpServer, listen } from "./infra/http/server";
import { log } from "./infra/log";
import { onStop, run } from "./infra/process";
import { Queue } from "./queue";
import { release } from "./release";

/** Only takes jobs. It serves `/health` for its own healthcheck. */
run(async () => {
  const environment = readEnvironment(process.env);
  await (await connect(environment.databaseUrl, "worker")).end();

  const pool = openPool(environment.databaseUrl, "worker");
  const queue = new Queue(pool);
  await queue.start();
  processCases(pool, queue);

  const server = httpServer([healthRoute(pool, queue)]);
  onStop(async () => {
    await queue.stop();
    await close(server);
    await pool.end();
  });
  await listen(server, environment.port);
  log.info("taking jobs", { version: release.version });
});
