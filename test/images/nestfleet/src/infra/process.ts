import { InvalidEnvironment } from "./environment";
import { log, reason } from "./log";

/** Runs the main function of a program. An error that it throws is logged last, and the exit status is 1. */
export function run(main: () => Promise<void>): void {
  main().catch((error: unknown) => {
    if (error instanceof InvalidEnvironment) process.stderr.write(`${error.message}\n`);
    else log.error("fatal", { error: reason(error) });
    process.exit(1);
  });
}

/** The first SIGTERM or SIGINT ends the program in an orderly way, with exit status 0. */
export function onStop(stop: () => Promise<void>): void {
  let stopping = false;
  const begin = (signal: NodeJS.Signals) => {
    if (stopping) return;
    stopping = true;
    log.info("stopping", { signal });
    run(async () => {
      await stop();
      log.info("stopped");
      process.exit(0);
    });
  };
  process.on("SIGTERM", begin);
  process.on("SIGINT", begin);
}
