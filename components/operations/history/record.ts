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

/** A change of release: the tag of the old release, which a first install does not have, and that of the new one. */
export const change = z.strictObject({ from: z.string().optional(), to: z.string() });

export interface ReleaseChange extends z.infer<typeof change> {
  readonly stack: string;
  readonly postgres: string;
  /** Milliseconds since 1970. */
  readonly started: number;
  /** False before a container of the new release was started: the applied migrations are not its own then. */
  readonly begun?: boolean;
}

/**
 * Writes how an update ended, and returns the whole history. An update that succeeds without a change of release, and
 * only replaces a container, is not recorded.
 */
export async function record(docker: DockerClient, step: ReleaseChange, failure?: string): Promise<HistoryEntry[]> {
  const database = new Database(docker, step.postgres);
  const history = await readHistory(database);
  if (failure === undefined && (step.from === step.to || isLast(history, step))) return history;
  const entry = await entryOf(docker, step, { history, failure });
  await appendHistory(database, entry);
  return [...history, entry];
}

/** True when a run that was killed afterwards has written this change already: no release is reached twice in a row. */
function isLast(history: readonly HistoryEntry[], { from, to }: ReleaseChange): boolean {
  const last = newestChange(history);
  return last?.to === to && last.from === (from ?? null);
}

/**
 * Does a part of an update that comes before the new release is started. If it is refused and the change of release is
 * known, writes the refusal into the history. A run that was stopped is not recorded: it says nothing about the
 * release.
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

/** Writes a refusal into the history. If that fails, a line says so, and the caller still reports the refusal. */
export async function recordRefusal(docker: DockerClient, step: ReleaseChange, report: string): Promise<void> {
  await record(docker, step, reasonIn(report)).catch((error: unknown) => {
    say(`The history could not be written: ${complaint(error)}`);
  });
}

/** Gives the first line of a report, and what it quotes, on one line; without the undo and the next step. */
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

/** Tags that are not semantic versions are ordered by the history: a release that served before is older. */
function kindOf({ from, to }: ReleaseChange, history: readonly Change[]): Kind {
  if (from === undefined) return "install";
  if (from === to) return "restart";
  if (semver.valid(from) !== null && semver.valid(to) !== null) return semver.lt(to, from) ? "rollback" : "upgrade";
  return history.some((change) => change.to === to && change.verdict !== "failed") ? "rollback" : "upgrade";
}

/** Gives the image ids of the containers that serve after the update. postgres and caddy have versions of their own. */
function digestsOf(containers: readonly RunningContainer[], serving: string | undefined): Record<string, string> {
  const serve = ({ role, version, running }: RunningContainer) =>
    running && (version === serving || role === "postgres" || role === "caddy");
  return Object.fromEntries(containers.filter(serve).map(({ role, imageId }) => [role, imageId]));
}
