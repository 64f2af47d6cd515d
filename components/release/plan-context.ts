import semver from "semver";
import type { Parameters } from "./parameters";
import type { Limits } from "./containers/limits";
import type { HostFacts } from "./facts";
import type { BackupManifest } from "./records/manifest";
import { backupNamed, fits, newestBackup } from "./records/backups";
import { unexplained } from "./explanation";
import type { ImageReferences, Pins } from "./images";
import { compareSchema, mayRun, type SchemaDifference } from "./sql/migrations";
import type { SecretValues } from "./secrets";
import { parseVersion, type Version } from "./version";
import { asksForData } from "./restore-request";

interface ReadOnly {
  /** Whether the root file system of the service is read-only. */
  readonly readOnly?: boolean | undefined;
}

/** The settings that decide what an update is; the checked settings of a stack contain all of them, and more. */
export interface PlanSettings {
  readonly version: Version;
  readonly dockerHost?: string | undefined;
  readonly images: Omit<ImageReferences, "worker"> & { readonly worker?: string | undefined; readonly digests: Pins };
  readonly source?: string | undefined;
  readonly domain?: string | undefined;
  readonly http: {
    readonly bind?: readonly string[] | undefined;
    readonly httpPort: number;
    readonly httpsPort: number;
    readonly certificate?: string | undefined;
  };
  readonly health?: { readonly version: "compare" | "ignore" } | undefined;
  readonly rehearsal: "full" | "restore" | "off";
  readonly strategy: "auto" | "rolling" | "recreate";
  readonly acknowledgeMajor: string;
  readonly requiredStops: readonly string[];
  readonly allowSchemaAhead: boolean;
  readonly allowMovingTag: boolean;
  readonly worker?: { readonly enabled: boolean } | undefined;
  readonly postgres?:
    | (Limits &
        ReadOnly & {
          readonly existingVolume?: string | undefined;
          readonly sharedBuffers?: string | undefined;
          readonly parameters?: Parameters | undefined;
        })
    | undefined;
  readonly resources?: Readonly<Record<"api" | "worker" | "console" | "caddy", Limits & ReadOnly>> | undefined;
  readonly secrets?: SecretValues | undefined;
  readonly env?: Readonly<Record<string, string>> | undefined;
  readonly secretEnv?: Readonly<Record<string, string>> | undefined;
  readonly backups: {
    readonly keepReplacedDays: number;
    readonly volume?: string | undefined;
    readonly directory?: string | undefined;
  };
  /**
   * Id of the backup that a rollback restores; with the version unchanged it is restored only once per
   * `confirmRestore`.
   */
  readonly restore?: string | undefined;
  readonly confirmRestore?: string | undefined;
}

/** Why there are no facts, as the start of a sentence: a preview may run where the Docker host cannot be reached. */
export interface Unreachable {
  readonly unreachable: string;
  /** What to do about it. */
  readonly next?: string;
}

/** A backup, and the confirmation word under which its data were restored. */
export interface Restored {
  readonly backup: string;
  readonly confirmation: string;
}

/** What the stack's last successful update left in its outputs. */
export interface LastUpdate {
  /**
   * The backup that was last restored under a `confirmRestore`. It is kept here, too, because the history can be lost.
   */
  readonly restored?: Restored | undefined;
  /**
   * Tag of the release that the update brought; not the version that the release itself answers, which may be a
   * constant.
   */
  readonly version?: string | undefined;
  /** Logical names of the volumes and secrets in the stack's state, which are protected. */
  readonly inState?: readonly string[] | undefined;
  /** The image of each role: `repository@sha256:…`, or the id of an image that comes from no registry. */
  readonly images?: Readonly<Record<string, string>> | undefined;
  /** The version in that release's own answer to `/health`. */
  readonly answered?: string | undefined;
}

/** What an update does. A `restart` keeps the version; settings may change. A `restore` restores the data only. */
export type Step = "install" | "upgrade" | "rollback" | "restart" | "restore";

/** Everything that the guards and the estimates use. */
export interface PlanContext {
  /** Name of the Pulumi stack, for the commands that are printed. */
  readonly stack: string;
  readonly settings: PlanSettings;
  /** Undefined without access to the host. */
  readonly facts?: HostFacts | undefined;
  readonly step: Step;
  /** Whether a release has ever served here: one serves now, or one did when the last outputs were written. */
  readonly served: boolean;
  /** What the last successful update brought; an operator may have changed the release by hand since. */
  readonly last: LastUpdate;
  /** Undefined when nothing ran before, or when it is not known what ran. */
  readonly from?: Version | undefined;
  readonly to: Version;
  /**
   * Undefined while the database or the target's migrations are unknown. With a restore, `pending` is what is pending
   * after it.
   */
  readonly schema?: SchemaDifference | undefined;
  /** The backup that this update restores: the config names it, and it has the target's version and schema. */
  readonly restore?: BackupManifest | undefined;
}

/** What a plan is made from. */
export interface Asked {
  /** Name of the Pulumi stack. */
  readonly stack: string;
  readonly settings: PlanSettings;
  readonly host: HostFacts | Unreachable;
  readonly last: LastUpdate;
}

/** Compares what is asked with what is there. */
export function assess({ stack, settings, host, last }: Asked): PlanContext {
  const facts = "unreachable" in host ? undefined : host;
  const to = settings.version;
  const from = versionBefore(facts, last);
  const schema =
    facts?.database &&
    facts.target &&
    compareSchema(facts.database.applied, facts.target.migrations, unexplained(facts));
  const served = facts?.serving !== undefined || last.version !== undefined;
  const step = stepFrom({ settings, facts, from, to, schema, served, last });
  const restores = step === "rollback" || step === "restore";
  const named = facts && restores ? backupNamed(facts, settings.restore) : undefined;
  const restore = facts && named && fits(named, facts, to) ? named : undefined;
  return {
    stack,
    settings,
    facts,
    step,
    served,
    last,
    from,
    to,
    schema: afterRestore(schema, restore, facts),
    restore,
  };
}

/**
 * Files of migrations that may run and after which the running release may fail. A migration that cannot be read is
 * among them, because it must not pass as harmless: the plan names it with the others, and the old release does not
 * stay on its schema for longer than needed. Like every finding, it does not choose the strategy. The rehearsal shows
 * whether the migration runs at all, and a release whose migrations all execute computed texts would stop the service
 * each time. For another strategy the operator sets nestfleet:strategy, or the author marks the migration.
 */
export function breakingIn({ schema }: Pick<PlanContext, "schema">): string[] {
  const breaking = mayRun(schema).filter(
    ({ findings, unreadable }) => unreadable !== undefined || findings.some(({ breaksRunning }) => breaksRunning),
  );
  return breaking.map(({ file }) => file);
}

/** Gives what will be pending on the restored database. The restore removes the newer migrations that are ahead now. */
function afterRestore(
  schema: SchemaDifference | undefined,
  restore: BackupManifest | undefined,
  facts: HostFacts | undefined,
): SchemaDifference | undefined {
  if (schema === undefined || restore === undefined || facts?.target === undefined) return schema;
  return { ...compareSchema(restore.migrations, facts.target.migrations), ahead: schema.ahead };
}

/**
 * True when a mutable tag is allowed and names another image than the running one. Images that are built from source
 * are not compared, because each build of the same source gives another image.
 */
function hasMoved({ settings, facts }: Pick<PlanContext, "settings" | "facts">): boolean {
  const { serving, target } = facts ?? {};
  if (!settings.allowMovingTag || settings.source !== undefined) return false;
  return serving !== undefined && target !== undefined && serving.imageId !== target.imageId;
}

/**
 * The release before this update: the running one, else the one that the last update brought, else the one that an
 * update has started whose release never served, because that release may have migrated the database.
 */
function versionBefore(facts: HostFacts | undefined, last: LastUpdate): Version | undefined {
  const started = facts?.containers.find(({ role }) => role === "api")?.version;
  const tag = facts?.serving?.version ?? last.version ?? started;
  return tag === undefined ? undefined : (parseVersion(tag, true) ?? { tag });
}

type Known = Pick<PlanContext, "settings" | "facts" | "from" | "to" | "schema" | "served" | "last">;

function stepFrom(known: Known): Step {
  const { from, to, facts, served } = known;
  if (from === undefined) return facts?.database?.applied.length ? direction(known) : "install";
  if (from.tag === to.tag) return served ? sameVersion(known) : "install";
  if (from.semver === undefined || to.semver === undefined) return direction(known);
  return semver.lt(from.semver, to.semver) ? "upgrade" : "rollback";
}

function sameVersion(known: Known): Step {
  if (hasMoved(known)) return direction(known);
  return asksForData(known.settings, known.facts, known.last) ? "restore" : "restart";
}

/**
 * Tags that are not version numbers are ordered by the schema: a release that does not have an applied migration is
 * older. Where the schema does not decide, a release that has served here before (there is a backup of it) counts as
 * older.
 */
function direction({ schema, to, from, facts }: Known): "upgrade" | "rollback" {
  if (schema && schema.ahead.length > 0) return "rollback";
  if (schema && schema.pending.length > 0) return "upgrade";
  if (from?.tag === to.tag) return "upgrade";
  return newestBackup(facts?.backups ?? [], to.tag) ? "rollback" : "upgrade";
}
