import * as pulumi from "@pulumi/pulumi";
import { DockerClient } from "./host/docker/client";
import { SnapshotClient } from "./host/docker/snapshot-client";
import { engineVersion } from "./host/docker/engine-version";
import { unreachable } from "./host/docker/unreachable";
import { exitOnClosedOutput, exitWithEngine } from "./host/watchdog";
import { onDockerError, unlessDockerFails } from "./host/docker/errors";
import type { HostFacts } from "./release/facts";
import { inspectHost } from "./host/inspect";
import { afterKilledRun } from "./operations/recovery/killed-run";
import { endOnSignal } from "./host/interruption";
import { busy, takeLock } from "./host/lock";
import { PatientClient } from "./host/docker/patient-client";
import { type Revival, revive } from "./operations/recovery/revival";
import { recoverInProgram } from "./operations/recovery/recover-stack";
import { complaint } from "./host/database/database";
import { isUnfinished } from "./operations/recovery/unfinished";
import { refusal } from "./refusal";
import { pulumi as pulumiCommand, script } from "./release/commands";
import { namesOf, stackIn } from "./release/names";
import { type Plan, plan } from "./release/plan";
import type { LastUpdate, Restored, Unreachable } from "./release/plan-context";
import { summary } from "./release/summary";
import { secretsInForce } from "./release/secrets";
import type { Settings } from "./settings/schema";
import {
  dockerHostIn,
  generatedSecrets,
  otherPrefix,
  outputsIn,
  protectedNames,
  readState,
  type StateResource,
} from "./state";
import { nextAfter, unforeseen } from "./host/docker/unforeseen";

/**
 * Looks at the Docker host, prints what the update will do, and refuses an update that must not run: before the first
 * resource is registered, in preview as in update. An update locks the stack before it looks, against any other
 * checkout and state backend, because what it sees must not change until it acts. An unexpected answer of Docker
 * refuses the update, too.
 */
export async function prepareUpdate(stack: string, settings: Settings): Promise<Plan> {
  exitWithEngine();
  exitOnClosedOutput();
  const done: string[] = [];
  try {
    // Several commands at once would take processor time from the running release.
    return await prepare({ stack, settings, done, docker: new DockerClient(settings.dockerHost, 1) });
  } catch (error) {
    throw pulumi.RunError.isInstance(error) ? error : refusal(stopped(error, done));
  }
}

/** An update or a preview, before its first resource. */
interface Run {
  readonly stack: string;
  readonly settings: Settings;
  readonly docker: DockerClient;
  /** What was done on the host so far, for the report of a failure. */
  readonly done: string[];
}

async function prepare(run: Run): Promise<Plan> {
  const { stack, settings, docker } = run;
  const looking = new SnapshotClient(docker);
  const [blind, state] = await Promise.all([whyUnreachable(looking), readState(stack)]);
  const other = otherPrefix(state, namesOf(stack).prefix);
  if (other !== undefined) throw refusal(renamed(other, stack));
  const preview = pulumi.runtime.isDryRun();
  const changed = preview ? undefined : await putInOrder(run, blind);
  if (preview && blind === undefined)
    for (const line of await unlessDockerFails(afterKilledRun(looking, stack, true), [])) await pulumi.log.warn(line);
  if (blind)
    await pulumi.log.warn(`This preview is made without the Docker host: ${blind.unreachable}${nextOf(blind)}`);
  const planned = await lookAndPlan({ docker: looking, stack, settings, preview, state, blind, changed });
  if (planned.unreachable !== undefined && hostRequired()) throw refusal(`${summary(planned)}\n\n${NOT_LOOKED_AT}`);
  if (planned.kind === "refusal") throw refusal(summary(planned));
  await pulumi.log.info(summary(planned));
  return planned;
}

/** The request of a run, and what Pulumi knows of the stack. */
interface Asked {
  readonly docker: DockerClient;
  readonly stack: string;
  readonly settings: Settings;
  readonly preview: boolean;
  readonly state: readonly StateResource[];
  /** Why the Docker host cannot be looked at. */
  readonly blind?: Unreachable | undefined;
  readonly changed?: PutInOrder | undefined;
}

/** What an update has done before it looks, as far as the plan needs it. */
type PutInOrder = Revival & { readonly resumed: boolean };

/**
 * Looks at the Docker host, unless the host cannot be reached, and plans. It does not call Pulumi, so tests use it,
 * too.
 */
export async function lookAndPlan(asked: Asked): Promise<Plan> {
  const { docker, stack, settings, preview, state, blind, changed } = asked;
  const last = { ...lastUpdate(state), inState: protectedNames(state) };
  const secrets = secretsInForce(settings, generatedSecrets(state, stack));
  const trust = { update: !preview, host: !preview || dockerHostIn(state) === settings.dockerHost };
  const inspect = () => inspectHost({ docker, stack, settings, secrets, last, trust });
  const [host, unfinished] = await Promise.all([
    blind ?? inspect().then((facts) => seen(facts, asked, last)),
    preview && blind === undefined && unlessDockerFails(isUnfinished(docker, stack), false),
  ]);
  const facts =
    "unreachable" in host
      ? host
      : { ...host, unfinished, ...(changed && { notStarted: changed.failed, resumed: changed.resumed }) };
  return plan({ stack, settings, host: facts, last });
}

/** For runs whose exit code decides something, such as a required check of a pull request. */
const REQUIRE_HOST = "NESTFLEET_REQUIRE_HOST";
const NOT_LOOKED_AT = `Refused, because ${REQUIRE_HOST} is set: the Docker host was not looked at, and most guards need it.`;

function hostRequired(): boolean {
  const value = process.env[REQUIRE_HOST] ?? "";
  if (["", "0", "false"].includes(value)) return false;
  if (["1", "true"].includes(value)) return true;
  throw refusal(`Nothing was touched: ${REQUIRE_HOST} is ${JSON.stringify(value)}; it must be 1 or 0`);
}

/**
 * The refusal of a renamed stack: its name is the prefix of all its parts, so under another name all parts would be
 * made again.
 */
function renamed(other: string, now: string): string {
  const before = stackIn({ name: other });
  return [
    `Nothing was touched: the state of stack ${now} is that of ${before}, which was renamed.`,
    `Containers, volumes and network are named after the stack (${other}-…); under the name ${now} the update would make an empty installation beside them.`,
    `Next: ${pulumiCommand(`stack rename ${before} --stack ${now}`)}; then go on with --stack ${before}.`,
    `For another name, create a new stack, run its first update, and restore a backup of ${before} there.`,
  ].join("\n");
}

/**
 * Prepares an update before it looks: locks the stack, starts containers that had stopped, and clears up after a killed
 * update.
 */
async function putInOrder(
  { stack, settings, docker, done }: Run,
  unreachable: Unreachable | undefined,
): Promise<PutInOrder> {
  await workAlone(docker, stack, unreachable);
  for (const line of await afterKilledRun(docker, stack, false)) {
    done.push(line);
    await pulumi.log.warn(line);
  }
  const revival = await revive(docker, stack);
  if (revival.started.length > 0) {
    done.push(`started again: ${revival.started.join(", ")}`);
    await pulumi.log.warn(`${revival.started.join(", ")} had stopped and should run; started again`);
  }
  const resumed = await isUnfinished(docker, stack);
  if (resumed) {
    done.push("begun: taking back what a killed update had left half done");
    await recoverFrom(docker, stack, settings);
  }
  return { ...revival, resumed };
}

/** The report of an unexpected answer. */
function stopped(error: unknown, done: readonly string[]): string {
  return [
    `${done.length === 0 ? "Nothing was touched" : "No resource was touched"}. The look at the Docker host could not be completed.`,
    ...unforeseen(error),
    ...done.map((line) => `Done before: ${line}.`),
    nextAfter(error, "run the same command again"),
  ].join("\n");
}

function nextOf({ next }: Unreachable): string {
  return next === undefined ? "" : `\nNext: ${next}`;
}

async function whyUnreachable(docker: DockerClient): Promise<Unreachable | undefined> {
  const answers = engineVersion(docker).then(() => undefined);
  return onDockerError(answers, ({ stderr }) => unreachable(docker.host, stderr));
}

/**
 * A host without any container of a stack that has served is most likely the wrong host, and a preview says so instead
 * of planning an install. An update goes on, because an update with `--refresh` brings back containers that were
 * removed by hand; its plan warns.
 */
function seen(facts: HostFacts, { docker, preview }: Asked, last: LastUpdate): HostFacts | Unreachable {
  return preview && last.version !== undefined && facts.containers.length === 0
    ? { unreachable: `${docker.host} has no container of this stack` }
    : facts;
}

async function workAlone(docker: DockerClient, stack: string, unreachable: Unreachable | undefined): Promise<void> {
  if (unreachable) throw refusal(`Nothing was touched: ${unreachable.unreachable}${nextOf(unreachable)}`);
  const lock = await takeLock(docker, stack);
  if (!("release" in lock)) throw refusal(busy(lock, stack, docker.host));
  // The program, and with it the lock, lives until the last resource is done. By default a signal skips "exit".
  process.once("exit", lock.release);
  endOnSignal(lock.release);
}

async function recoverFrom({ host }: DockerClient, stack: string, { version }: Settings): Promise<void> {
  const said = await recoverInProgram(new PatientClient(host), stack, version.tag).catch((error: unknown) => {
    throw refusal(
      `What a killed update has left could not be cleared: ${complaint(error)}\nNext: ${script({ name: "restore", stack, host, options: ["--recover"] })}`,
    );
  });
  if (said.length > 0) await pulumi.log.warn(said.join("\n"));
}

/** What the last successful update brought, from the stack's outputs; nothing on a new stack. */
function lastUpdate(state: readonly StateResource[]): LastUpdate {
  const { release, version, restored, images } = outputsIn(state) as {
    release?: string;
    version?: string;
    restored?: Restored;
    images?: Record<string, string>;
  };
  return { version: release, answered: version, restored, images };
}
