import { isOwnLog } from "./containers/logging";
import type { LimitSupport } from "./containers/limits";
import type { HostFacts } from "./facts";
import { isInterim, type Role, ROLES, SUPERUSER, UPSTREAMS } from "./names";
import { newestBackup } from "./records/backups";
import { script } from "./commands";
import { type DataMount, dataMountByTag } from "./data-mount";
import { downtime } from "./downtime";
import { pendingExtensions, type WantedExtension } from "./sql/extensions";
import { type BackupEstimate, type DiskNeed, estimateBackup, estimateDisk } from "./estimate";
import { runGuards } from "./guards/guards";
import type { BackupManifest } from "./records/manifest";
import { changedParameters, type ParameterChange } from "./parameters";
import { type PlannedImage, plannedImages } from "./planned-images";
import { beyond, mayRun, type PendingMigration } from "./sql/migrations";
import type { GuardProblem } from "./guards/problem";
import { type ExpiringDatabase, withExpiry } from "./records/replaced";
import { type Reindex, reindexOf } from "./reindex";
import { isKept, restartsIn } from "./restarts";
import { type RestoreImpact, restoreImpact } from "./restore-impact";
import { namedBackup, wasPutBack } from "./restore-request";
import { type Asked, type PlanSettings, type Restored, type PlanContext, assess, type Step } from "./plan-context";
import { type Strategy, strategyFor } from "./strategy";
import type { Version } from "./version";
import { runWarnings } from "./guards/warnings";

/** What an update will do, and why it is refused if it is. Preview, update, commands and history all read this plan. */
export interface Plan {
  readonly kind: Step | "refusal";
  /** What the update is, or would be if it were not refused. */
  readonly step: Step;
  /** Undefined when nothing ran before, or when it is not known what ran. */
  readonly from?: Version | undefined;
  readonly to: Version;
  /**
   * Why the Docker host could not be asked. The rest of the plan then comes from the config and the last outputs alone.
   */
  readonly unreachable?: string | undefined;
  /** The migrations that the target will run, in that order; undefined while they are not known. */
  readonly pending?: readonly PendingMigration[] | undefined;
  /** Migrations that only the database says are applied: they may be pending, too. */
  readonly unexplained: readonly PendingMigration[];
  /** Applied migrations that the target does not have. */
  readonly ahead: readonly string[];
  /** The extensions that the pending migrations need. */
  readonly extensions: readonly WantedExtension[];
  readonly strategy: Strategy;
  /** `off` also where a backup is restored for good: the restore itself first proves what a rehearsal would prove. */
  readonly rehearsal: PlanSettings["rehearsal"];
  readonly needsBackup: boolean;
  /** Undefined when no backup is taken, or the database cannot be asked. */
  readonly backup?: BackupEstimate | undefined;
  /** One entry per file system that is written to. */
  readonly disk: readonly DiskNeed[];
  /** Where the data volume is mounted; without access to the host, the tag of the image decides it. */
  readonly dataMount: DataMount;
  /** The addresses of the host at which the proxy is published, in the order in which Docker lists them. */
  readonly bind: readonly string[];
  /** Undefined when no index is rebuilt. */
  readonly reindex?: Reindex | undefined;
  /**
   * Undefined without access to the host. `restarts` and `stays` are what versions decide; a changed setting may add to
   * them.
   */
  readonly restarts?: readonly Role[] | undefined;
  readonly stays?: readonly Role[] | undefined;
  /** The image of each service, where the update brings a release. */
  readonly images: readonly PlannedImage[];
  /** The server parameters that this update changes. */
  readonly parameters: readonly ParameterChange[];
  /** What users notice, in words. */
  readonly downtime: string;
  /** The backup that is restored, and what the restore costs. */
  readonly restore?: RestoreImpact | undefined;
  /** Previous databases, which restores have replaced; oldest first. */
  readonly replaced: readonly ExpiringDatabase[];
  /** How this update is undone; undefined when there is nothing to go back to. */
  readonly wayBack?: WayBack | undefined;
  /** The update decides again which containers receive the requests, even where no container changes. */
  readonly runsCutover: boolean;
  /** Roles of containers whose log configuration differs from the one that this program sets. */
  readonly otherLogs: readonly string[];
  /** The proxy keeps the security options that an older program gave it, and is not replaced because of them. */
  readonly keepsProxy: boolean;
  /**
   * The server has no role of the application's own, or that role has another password, or some container does not work
   * as that role yet; or there is no server.
   */
  readonly preparesRole: boolean;
  /** A killed update was taken back, or will be taken back, before this update. */
  readonly resumes: boolean;
  /** Roles whose containers have the ulimits that this program gives, whatever ulimits Docker has added. */
  readonly ulimitsSet: readonly string[];
  /** Whether the host has no address on a network that is made now. */
  readonly isolates: boolean;
  /** What the Docker host can limit; undefined where nothing is limited, or the host was not asked. */
  readonly limits?: LimitSupport | undefined;
  /** What the outputs say of the last restore: of this one once it is carried out, else of an earlier one. */
  readonly restored?: Restored | undefined;
  /** Logical names of the volumes and secrets that the stack has before this update: protected, they stay declared. */
  readonly inState: readonly string[];
  readonly warnings: readonly string[];
  readonly problems: readonly GuardProblem[];
}

export interface WayBack {
  readonly version: string;
  /**
   * The data that the way back needs: none when the schema does not change, the backup of this update, an earlier
   * backup by id, or, after a restore, the previous database, which the command `undo` brings back.
   */
  readonly backup: "none" | "of this update" | { readonly id: string } | { readonly undo: string };
}

/** Compares what is asked with what is there. The function is pure: it neither reads nor changes anything else. */
export function plan(asked: Asked): Plan {
  const { settings, host, last } = asked;
  const context = assess(asked);
  const { step, from, to, facts, schema } = context;
  const restore = restoreImpact(context);
  const strategy = strategyFor(context);
  const needsBackup = takesBackup(context);
  const backup = needsBackup ? estimateBackup(context) : undefined;
  const disk = backup ? estimateDisk(context, backup, strategy) : [];
  const restarts = restartsIn(context);
  const problems = runGuards(context, disk);
  return {
    kind: problems.length > 0 ? "refusal" : step,
    step,
    from,
    to,
    unreachable: "unreachable" in host ? host.unreachable : undefined,
    pending: schema?.pending,
    unexplained: schema?.unexplained ?? [],
    ahead: schema?.ahead ?? [],
    extensions: pendingExtensions(
      facts?.target?.migrations ?? [],
      (context.restore ?? { migrations: facts?.database?.applied ?? [] }).migrations,
    ),
    strategy,
    rehearsal: restore === undefined ? settings.rehearsal : "off",
    needsBackup,
    backup,
    disk,
    dataMount: facts?.dataMount ?? dataMountByTag(settings.images.postgres),
    bind: bindOf(settings, facts),
    reindex: reindexOf(context),
    restarts,
    stays: restarts && ROLES.filter((role) => !restarts.includes(role)),
    images: plannedImages(context),
    downtime: downtime(context, { strategy, backup, restarts: restarts ?? [] }),
    restore,
    replaced: (facts?.database?.replaced ?? []).map((database) =>
      withExpiry(database, settings.backups.keepReplacedDays, facts?.clock),
    ),
    wayBack: wayBack(context),
    runsCutover: runsCutover(context),
    otherLogs: (facts?.containers ?? []).filter(({ log }) => log && !isOwnLog(log)).map(({ role }) => role),
    keepsProxy: (facts?.containers ?? []).some((container) => isKept(container, settings)),
    preparesRole: preparesRole(facts),
    resumes: facts?.unfinished === true || facts?.resumed === true,
    parameters: changedParameters(context),
    ulimitsSet: ROLES.filter((role) => {
      const ours = (facts?.containers ?? []).filter((container) => container.role === role);
      return ours.length > 0 && ours.every(({ noCore }) => noCore === true);
    }),
    isolates: facts?.isolates === true,
    limits: facts?.limits,
    restored: restoredBy(context),
    inState: last.inState ?? [],
    warnings: runWarnings(context, strategy),
    problems,
  };
}

/**
 * The restore that the outputs name: that of this update, or one that the config still asks for and the history has as
 * done. The outputs lack the latter if the update that restored it failed in a later step.
 */
function restoredBy({ restore, settings, facts, last }: PlanContext): Restored | undefined {
  const { confirmRestore: confirmation } = settings;
  const backup = restore?.id ?? (wasPutBack(settings, facts, last) ? namedBackup(settings) : undefined);
  return backup === undefined || confirmation === undefined ? last.restored : { backup, confirmation };
}

/**
 * The cutover also runs without a change of release where a container could not be started again, because a check
 * through the published ports shows whether the update has fixed that. It also runs where an update of the same release
 * ended without a verdict: the verdict leaves one container of each service.
 */
function runsCutover({ step, facts }: PlanContext): boolean {
  if (step !== "restart" || isInterim(facts?.serving?.name ?? "")) return true;
  const { containers = [], notStarted = [] } = facts ?? {};
  const several = UPSTREAMS.some((upstream) => containers.filter(({ role }) => role === upstream).length > 1);
  return several || notStarted.length > 0;
}

/**
 * Docker lists the addresses of one port in an order of its own, and the provider reports another order as a change
 * (https://github.com/kreuzwerker/terraform-provider-docker/issues/909). So the same addresses keep the order that they
 * have.
 */
function bindOf({ http: { bind = [] } }: PlanSettings, facts: HostFacts | undefined): readonly string[] {
  const published = facts?.containers.find(({ role }) => role === "caddy")?.addresses ?? [];
  return published.toSorted().join() === bind.toSorted().join() ? published : bind;
}

function preparesRole(facts: HostFacts | undefined): boolean {
  if (facts?.containers.some(({ running, asSuperuser }) => running && asSuperuser === true) === true) return true;
  if (facts?.database !== undefined) return facts.database.application === undefined || facts.passwordOf === SUPERUSER;
  return facts !== undefined && !facts.containers.some(({ role }) => role === "postgres");
}

/** A backup is taken whenever version or data change, and whenever migrations will run on data that exist. */
function takesBackup({ step, schema, facts }: PlanContext): boolean {
  if (step === "upgrade" || step === "rollback" || step === "restore") return true;
  return (facts?.database?.applied.length ?? 0) > 0 && (schema?.pending.length ?? 0) > 0;
}

function wayBack({ step, from, facts, schema, restore, stack, settings }: PlanContext): WayBack | undefined {
  if (from === undefined || step === "install" || step === "restart") return undefined;
  const undo = script({ name: "restore", stack, host: settings.dockerHost, options: ["--undo"] });
  if (restore !== undefined) return { version: from.tag, backup: { undo } };
  const earlier = backupBeforeMigrations(from.tag, facts);
  if (earlier) return { version: from.tag, backup: { id: earlier.id } };
  return { version: from.tag, backup: schema && mayRun(schema).length === 0 ? "none" : "of this update" };
}

/**
 * A backup of the running release that was taken before another release, which never served, migrated the database. An
 * update that was killed or refused leaves a database in that state, and a backup taken now would have the migrated
 * schema.
 */
function backupBeforeMigrations(version: string, facts: HostFacts | undefined): BackupManifest | undefined {
  const applied = facts?.database?.applied ?? [];
  const earlier = facts?.backups.filter(({ migrations }) => beyond(applied, migrations).length > 0) ?? [];
  return newestBackup(earlier, version);
}
