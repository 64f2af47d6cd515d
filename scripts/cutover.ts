import { z } from "zod";
import { DockerClient } from "../components/docker/client";
import { inspectContainer, inspectContainers, runningNow, versionOf } from "./lib/containers";
import { complaint, Database } from "./lib/database";
import { causeOfDeath, type Target, target, waitUntilHealthy, watch } from "./lib/health";
import { pruneKept } from "./lib/incoming";
import { lastWords } from "./lib/last-words";
import { forget, hurried, takeBack } from "./lib/paused";
import {
  forgetBefore,
  nominate,
  type Pointers,
  readBefore,
  readServing,
  serves,
  withdraw,
  writeBefore,
  writePointers,
} from "./lib/pointers";
import { record, recordRefusal, type Step } from "./lib/record";
import { NEXT, Refusal, run, say } from "./lib/run";
import { pruneImages, removeOthers, repositories } from "./lib/tidy";
import { expectation, type Health, verify, warmUp } from "./lib/verification";

const named = target.extend({ name: z.string() });
const input = expectation.extend({
  stack: z.string(),
  postgres: z.string(),
  targets: z.object({ api: named, console: named }),
  /** Seconds that everything must go on answering. */
  holdSeconds: z.number(),
  /** Ids of the other containers that the stack consists of now. */
  containers: z.array(z.string()),
  repositories,
  /** Days that a database is kept which a restore has replaced. */
  keepReplacedDays: z.number(),
});
type Input = z.infer<typeof input>;

/** Under everybody's requests, after it was watched as a candidate. */
const SETTLE_SECONDS = 5;

/**
 * Verifies the new containers from outside, as the candidates that they are, while the ones before still serve; then
 * sends the requests to them, and back when they fail after all. Where the old release stands still already, or may
 * not work on the new schema, nobody waits for the verdict: the requests go first. Writes the verdict into the history
 * and clears away what nothing needs any more. Idempotent: killed at any moment and run again, it ends in the same
 * place.
 */
void run(input, async (asked) => {
  const docker = new DockerClient(asked.dockerHost);
  const before = await readServing(docker, asked.caddy);
  const from = await versionOf(docker, before.api);
  const step: Step = { ...asked, from, to: asked.release.tag, started: Date.now() };
  try {
    const answer = await cutOver(asked, docker, before);
    await finish(asked, docker, step);
    return JSON.stringify(answer);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const words = await wordsOf(asked, docker); // before stopping adds to them
    const undone = await goBack(asked, docker, before).catch(told("The requests could not be sent back"));
    await recordRefusal(docker, step, error.message);
    throw new Refusal(await report(asked, docker, error.message, [...words, undone]));
  }
});

async function cutOver(asked: Input, docker: DockerClient, before: Pointers): Promise<Health> {
  for (const container of asked.containers) await mustRun(asked, docker, container);
  for (const [role, service] of Object.entries(asked.targets)) await mustBeHealthy(asked, docker, role, service);
  const after = namesOf(asked);
  const death = await watch(docker, idsOf(asked));
  if (!differ(before, after)) {
    await writePointers(docker, asked.caddy, after);
    return verify({ ...asked, death }, docker);
  }
  const first = await switchesFirst(asked, docker, before);
  await nominate(docker, asked.caddy, after);
  await verify({ ...asked, death, candidate: true, holdSeconds: first ? 0 : asked.holdSeconds }, docker);
  await warmUp({ ...asked, pages: !first }, docker);
  await writeBefore(docker, asked.caddy, before);
  await writePointers(docker, asked.caddy, after);
  say(`requests go to ${after.api} and ${after.console}`);
  const holdSeconds = first ? asked.holdSeconds : Math.min(SETTLE_SECONDS, asked.holdSeconds);
  return verify({ ...asked, death, holdSeconds }, docker);
}

async function switchesFirst({ caddy }: Input, docker: DockerClient, before: Pointers): Promise<boolean> {
  return !(await serves(docker, before.api)) || !(await serves(docker, before.console)) || hurried(docker, caddy);
}

/** Gated already; an attempt that was refused may have stopped it since. */
async function mustRun(asked: Input, docker: DockerClient, container: string): Promise<void> {
  const running = (await inspectContainer(docker, container))?.State;
  if (running?.Running !== true || running.Restarting) await mustBeHealthy(asked, docker, "a service", { container });
}

async function mustBeHealthy(asked: Input, docker: DockerClient, role: string, service: Target): Promise<void> {
  const refusal = await waitUntilHealthy(docker, service, asked.timeoutSeconds);
  if (refusal === undefined) return;
  const name = (await inspectContainer(docker, service.container))?.Name.slice(1) ?? service.container;
  throw new Refusal(`${role} (${name}) is not healthy: ${refusal}`);
}

async function finish(asked: Input, docker: DockerClient, step: Step): Promise<void> {
  const history = await record(docker, step); // while it is known what was before
  await forgetBefore(docker, asked.caddy);
  await withdraw(docker, asked.caddy);
  await forget(docker, asked.caddy);
  await removeOthers(docker, asked.stack, idsOf(asked));
  await pruneImages(docker, asked.repositories, history);
  const dropped = await pruneKept(new Database(docker, asked.postgres), asked.keepReplacedDays);
  if (dropped.length > 0) say(`dropped ${dropped.join(", ")}: replaced more than ${asked.keepReplacedDays} days ago`);
}

/** What was done about the failure, for the report. The refused containers are stopped once nobody is sent there. */
async function goBack(asked: Input, docker: DockerClient, before: Pointers): Promise<string> {
  const after = namesOf(asked);
  await withdraw(docker, asked.caddy);
  if (!differ(before, after)) return "The requests went to the same containers before; nothing was changed.";
  const switched = (await readBefore(docker, asked.caddy)) !== undefined;
  const resumed = await takeBack(docker, asked.caddy, asked.stack);
  if (!(await comesBack(docker, before.api)) || !(await comesBack(docker, before.console))) {
    return "No container from before is left; the requests still go to the new ones.";
  }
  await writePointers(docker, asked.caddy, before);
  await forgetBefore(docker, asked.caddy);
  const refused = (["api", "console"] as const).filter((upstream) => before[upstream] !== after[upstream]);
  await docker.run(["stop", ...refused.map((upstream) => asked.targets[upstream].container)]);
  const went = switched ? "go" : "went";
  const back = `The requests ${went} to ${before.api} and ${before.console} ${switched ? "again" : "all along"}; ${refused.map((upstream) => after[upstream]).join(" and ")} stopped.`;
  return resumed.length === 0 ? back : `${back}\n${resumed.join(", ")} started again, on the database as it is now.`;
}

/** The one before runs, or could be started again: an update that stops the old release first leaves it there. */
async function comesBack(docker: DockerClient, name: string): Promise<boolean> {
  if (await serves(docker, name)) return true;
  if ((await inspectContainer(docker, name)) === undefined) return false;
  await docker.run(["start", name]);
  return true;
}

/** A second failure is told, and does not hide the first. */
function told(what: string): (error: unknown) => string {
  return (error) => {
    const line = `${what}: ${complaint(error)}`;
    say(line);
    return line;
  };
}

function namesOf({ targets }: Input): Pointers {
  return { api: targets.api.name, console: targets.console.name };
}

/** Ids of all that the stack consists of. */
function idsOf({ targets, containers }: Input): string[] {
  return [targets.api.container, targets.console.container, ...containers];
}

function differ(before: Pointers, after: Pointers): boolean {
  return before.api !== after.api || before.console !== after.console;
}

/** What those say that do not run as they should; the api and the console when all do. */
async function wordsOf(asked: Input, docker: DockerClient): Promise<string[]> {
  const inspected = await inspectContainers(docker, idsOf(asked)).catch(() => []);
  const dead = inspected.filter((container) => causeOfDeath(container) !== undefined).map(({ Id }) => Id);
  const { api, console } = asked.targets;
  const words = (dead.length > 0 ? dead : [api.container, console.container]).map((id) => lastWords(docker, id));
  return (await Promise.all(words)).flat();
}

async function report(
  { stack, release }: Input,
  docker: DockerClient,
  why: string,
  lines: readonly string[],
): Promise<string> {
  return [`${release.tag} is refused: ${why}.`, ...lines, "What runs now:", await runningNow(docker, stack), NEXT].join(
    "\n",
  );
}
