import semver from "semver";
import { z } from "zod";
import type { DockerClient } from "../../host/docker/client";
import { containersOf } from "../../host/docker/containers";
import type { RunningContainer } from "../../release/facts";
import { inspectDatabase } from "../../host/database/inspect";
import { type HistoryEntry, newestChange } from "../../release/records/history";
import type { Change } from "../../release/records/retention";
import { printable } from "../../release/words";
import { complaint, Database } from "../../host/database/database";
import { operator } from "../../host/identity";
import { Store } from "../../host/backups/store";
import { appendHistory, readHistory } from "../../host/backups/history";
import { QUOTE, Refusal, say } from "../../host/output";
import { withheld } from "../../host/docker/redaction";

/** What an update is to change: the release before, none on a first install, and the one asked for. */
export const change = z.strictObject({ from: z.string().optional(), to: z.string() });

export interface ReleaseChange extends z.infer<typeof change> {
  readonly stack: string;
  readonly postgres: string;
  /** Milliseconds since 1970. */
  readonly started: number;
  /** False before anything of the release has been started: what is applied then, it has not brought. */
  readonly begun?: boolean;
}

/**
 * Writes how an update ended, and returns the whole history. A container that was merely replaced, under the same
 * release and without a fault, is no change of release and not recorded.
 */
export async function record(docker: DockerClient, step: ReleaseChange, failure?: string): Promise<HistoryEntry[]> {
  const database = new Database(docker, step.postgres);
  const history = await readHistory(database);
  if (failure === undefined && (step.from === step.to || isLast(history, step))) return history;
  const entry = await entryOf(docker, step, { history, failure });
  await appendHistory(database, entry);
  return [...history, entry];
}

/** Written already, by a run that was killed right afterwards: what serves cannot be reached twice in a row. */
function isLast(history: readonly HistoryEntry[], { from, to }: ReleaseChange): boolean {
  const last = newestChange(history);
  return last?.to === to && last.from === (from ?? null);
}

/**
 * Does a part of an update that comes before its release is started, and writes its refusal into the history, where the
 * step is known. That a run was stopped says nothing about the release.
 */
export async function recorded<T>(
  docker: DockerClient,
  { step, signal }: { readonly step: ReleaseChange | undefined; readonly signal: AbortSignal },
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (step !== undefined && error instanceof Refusal && !signal.aborted)
      await recordRefusal(docker, { ...step, begun: false }, error.message);
    throw error;
  }
}

/** A history that cannot be written is reported, and hides nothing of the refusal. */
export async function recordRefusal(docker: DockerClient, step: ReleaseChange, report: string): Promise<void> {
  await record(docker, step, reasonIn(report)).catch((error: unknown) => {
    say(`The history could not be written: ${complaint(error)}`);
  });
}

/** The first line of a report, and what it quotes, on one line; what was done about it and what to do is for the day. */
export function reasonIn(report: string): string {
  const [first = "", ...others] = report.split("\n");
  const end = others.findIndex((line) => !line.startsWith(QUOTE));
  const quoted = others.slice(0, end === -1 ? undefined : end).map((line) => line.slice(QUOTE.length));
  return [first, ...quoted].map((line) => line.trim()).join(" ");
}

async function entryOf(
  docker: DockerClient,
  step: ReleaseChange,
  { history, failure }: { readonly history: readonly Change[]; readonly failure: string | undefined },
): Promise<HistoryEntry> {
  const [containers, { applied }, { backups }] = await Promise.all([
    containersOf(docker, step.stack),
    inspectDatabase(docker, step.postgres),
    new Store(new Database(docker, step.postgres)).list(),
  ]);
  const backup = backups.filter(({ version }) => version === step.from).at(-1);
  const kind = kindOf(step, history);
  return {
    at: new Date().toISOString(),
    operator: operator(),
    from: step.from ?? null,
    to: step.to,
    kind,
    backup: backup?.id ?? null,
    migrations: step.begun === false ? [] : applied.filter((file) => !backup?.migrations.includes(file)),
    digests: digestsOf(containers, failure === undefined ? step.to : step.from),
    seconds: Math.round((Date.now() - step.started) / 1000),
    verdict: failure === undefined ? VERDICTS[kind] : "failed",
    ...(failure !== undefined && { reason: printable(withheld(failure)) }),
  };
}

type Kind = "install" | "upgrade" | "rollback" | "restart";

const VERDICTS = { install: "installed", upgrade: "upgraded", rollback: "rolled back", restart: "upgraded" } as const;

/** Tags that are no semantic versions are ordered by the history: what served before is older. */
function kindOf({ from, to }: ReleaseChange, history: readonly Change[]): Kind {
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
