import semver from "semver";
import type { DockerClient } from "../../components/docker/client";
import { containersOf } from "../../components/host/containers";
import type { RunningContainer } from "../../components/host/facts";
import { inspectDatabase } from "../../components/host/database";
import { readManifests } from "../../components/host/store";
import type { Change } from "../../components/release/retention";
import { Database } from "./database";
import { operator } from "./exclusion";
import { appendHistory, type HistoryEntry, readHistory } from "./history";

/** What an update was to change: the release before, none on a first install, and the one asked for. */
export interface Step {
  readonly stack: string;
  readonly postgres: string;
  readonly from: string | undefined;
  readonly to: string;
  /** Milliseconds since 1970. */
  readonly started: number;
}

/**
 * Writes how an update ended, and returns the whole history. A container that was merely replaced, under the same
 * release and without a fault, is no change of release and not recorded.
 */
export async function record(docker: DockerClient, step: Step, failure?: string): Promise<HistoryEntry[]> {
  const database = new Database(docker, step.postgres);
  const history = await readHistory(database);
  if (failure === undefined && step.from === step.to) return history;
  const entry = await entryOf(docker, step, history, failure);
  await appendHistory(database, entry);
  return [...history, entry];
}

async function entryOf(
  docker: DockerClient,
  step: Step,
  history: readonly Change[],
  failure: string | undefined,
): Promise<HistoryEntry> {
  const [containers, { applied }, manifests] = await Promise.all([
    containersOf(docker, step.stack),
    inspectDatabase(docker, step.postgres),
    readManifests(docker, step.postgres),
  ]);
  const backup = manifests.filter(({ version }) => version === step.from).at(-1);
  const kind = kindOf(step, history);
  return {
    at: new Date().toISOString(),
    operator: operator(),
    from: step.from ?? null,
    to: step.to,
    kind,
    backup: backup?.id ?? null,
    migrations: applied.filter((file) => !backup?.migrations.includes(file)),
    digests: digestsOf(containers, failure === undefined ? step.to : step.from),
    seconds: Math.round((Date.now() - step.started) / 1000),
    verdict: failure === undefined ? VERDICTS[kind] : "failed",
    ...(failure !== undefined && { reason: failure }),
  };
}

type Kind = "install" | "upgrade" | "rollback" | "restart";

const VERDICTS = { install: "installed", upgrade: "upgraded", rollback: "rolled back", restart: "upgraded" } as const;

/** Tags that are no semantic versions are ordered by the history: what served before is older. */
function kindOf({ from, to }: Step, history: readonly Change[]): Kind {
  if (from === undefined) return "install";
  if (from === to) return "restart";
  if (semver.valid(from) !== null && semver.valid(to) !== null) return semver.lt(to, from) ? "rollback" : "upgrade";
  return history.some((change) => change.to === to && change.verdict !== "failed") ? "rollback" : "upgrade";
}

/** Of what serves once the update is over; postgres and caddy have versions of their own, and one container each. */
function digestsOf(containers: readonly RunningContainer[], serving: string | undefined): Record<string, string> {
  const serve = ({ role, version, running }: RunningContainer) =>
    running && (version === serving || role === "postgres" || role === "caddy");
  return Object.fromEntries(containers.filter(serve).map(({ role, imageId }) => [role, imageId]));
}
