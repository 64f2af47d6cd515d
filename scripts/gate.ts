import { z } from "zod";
import { DockerClient } from "../components/docker/client";
import { answerOr } from "../components/host/answer";
import { psql } from "../components/host/psql";
import { changeOf } from "./lib/attempt";
import { environmentOf, inspectContainer, runningNow } from "./lib/containers";
import { target, waitUntilHealthy } from "./lib/health";
import { complaint } from "./lib/database";
import { lastWords } from "./lib/last-words";
import { takeBack } from "./lib/paused";
import { recordRefusal } from "./lib/record";
import { NEXT, Refusal, run, say } from "./lib/run";
import { withheld } from "./lib/secrecy";

const input = target.extend({
  dockerHost: z.string(),
  stack: z.string(),
  role: z.string(),
  timeoutSeconds: z.number(),
  /** What the migrations took in the rehearsal; they may take this and half as much again. */
  migrationSeconds: z.number(),
  postgres: z.string(),
  caddy: z.string(),
  whenRefused: z.enum(["stop", "leave"]),
});
type Input = z.infer<typeof input>;

/** Production may be slower than the rehearsal was: it also serves. */
const ALLOWANCE = 1.5;

/** The table is there from the first migration on. A count that takes long is given up: the next probe asks again. */
const COUNT = `
  SET statement_timeout = '3s';
  SELECT 'SELECT count(*) FROM nestfleet_migrations;' WHERE to_regclass('nestfleet_migrations') IS NOT NULL
  \\gexec`;

void run(input, async (asked) => {
  const docker = new DockerClient(asked.dockerHost);
  const started = Date.now();
  const patience = asked.timeoutSeconds + ALLOWANCE * asked.migrationSeconds;
  // Only the api runs migrations.
  const progress = asked.role === "api" ? migrationCount(docker, asked.postgres) : undefined;
  const refusal = await waitUntilHealthy(docker, asked, patience, { progress });
  if (refusal !== undefined) throw new Refusal(await refuse(docker, asked, refusal, started));
  say(`${asked.role} is healthy after ${((Date.now() - started) / 1000).toFixed(1)} s`);
  return undefined;
});

/** Asks how many migrations are applied. A database that does not answer just now shows neither progress nor its loss. */
function migrationCount(docker: DockerClient, postgres: string): () => Promise<number> {
  let known = 0;
  return async () => {
    const counted = await answerOr(psql(docker, postgres, COUNT), undefined);
    if (counted !== undefined) known = Number(counted);
    return known;
  };
}

/**
 * Looks first, undoes then, and gives the report: stopping a container adds to its log, and starting the ones before
 * again changes which release is seen to be new. The history has what serves when all that is over.
 */
async function refuse(docker: DockerClient, asked: Input, why: string, started: number): Promise<string> {
  const container = await inspectContainer(docker, asked.container);
  const name = container?.Name.slice(1) ?? asked.container;
  const environment = environmentOf(container?.Config.Env ?? []);
  const reason = `${asked.role} is not healthy: ${withheld(why, environment)}.`;
  const [words, change] = await Promise.all([
    lastWords(docker, asked.container),
    changeOf(docker, asked).catch((error: unknown) => {
      say(`The history will not have this refusal: ${complaint(error)}`);
      return undefined;
    }),
  ]);
  const undone = await undo(docker, asked, container === undefined ? undefined : name);
  if (change !== undefined) await recordRefusal(docker, { ...asked, ...change, started }, reason);
  return [reason, ...words, ...undone, "What runs now:", await runningNow(docker, asked.stack), NEXT].join("\n");
}

/** Whatever one step says, the next is tried: what served before must serve again. */
async function undo(docker: DockerClient, asked: Input, name: string | undefined): Promise<string[]> {
  const failed = (what: string) => (error: unknown) => [`${what} failed: ${complaint(error)}`];
  const stop = async (refused: string) => {
    await docker.run(["stop", refused]);
    return [`${refused} was stopped.`];
  };
  const resume = async () => {
    const resumed = await takeBack(docker, asked.caddy, asked.stack);
    return resumed.length > 0 ? [`${resumed.join(", ")} started again, on the database as it is now.`] : [];
  };
  return [
    ...(name !== undefined && asked.whenRefused === "stop" ? await stop(name).catch(failed(`stopping ${name}`)) : []),
    ...(await resume().catch(failed("starting what ran before"))),
  ];
}
