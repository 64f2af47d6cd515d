import semver from "semver";
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
  /** Whether the root file system of the service is. */
  readonly readOnly?: boolean | undefined;
}

/** What of the settings decides what an update is; the checked settings of a stack have it all, and more. */
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
  readonly postgres?: (Limits & ReadOnly & { readonly existingVolume?: string | undefined }) | undefined;
  readonly resources?: Readonly<Record<"api" | "worker" | "console" | "caddy", Limits & ReadOnly>> | undefined;
  readonly secrets?: SecretValues | undefined;
  readonly env?: Readonly<Record<string, string>> | undefined;
  readonly secretEnv?: Readonly<Record<string, string>> | undefined;
  readonly backups: {
    readonly keepReplacedDays: number;
    readonly volume?: string | undefined;
    readonly directory?: string | undefined;
  };
  /** Id of the backup that a rollback restores; with the version unchanged, only once per `confirmRestore`. */
  readonly restore?: string | undefined;
  readonly confirmRestore?: string | undefined;
}

/** Why there are no facts, as the start of a sentence: a preview may run where the Docker host cannot be reached. */
export interface Unreachable {
  readonly unreachable: string;
  /** What to do about it. */
  readonly next?: string;
}

/** A backup, and the word under which its data were put back. */
export interface Restored {
  readonly backup: string;
  readonly confirmation: string;
}

/** What the stack's last good update left in its outputs. */
export interface LastUpdate {
  /** The last data that were put back under a `confirmRestore`: the history, beside the backups, can be lost. */
  readonly restored?: Restored | undefined;
  /** Tag of the release that it brought; not what the release says of itself, which may be a constant. */
  readonly version?: string | undefined;
  /** Logical names of the volumes and secrets that the stack's state has: those are protected. */
  readonly inState?: readonly string[] | undefined;
  /** What it noted of the image of each role: `repository@sha256:…`, or the id of one from no registry. */
  readonly images?: Readonly<Record<string, string>> | undefined;
  /** The version in that release's own answer to `/health`. */
  readonly answered?: string | undefined;
}

/** What an update does. A restart keeps the version; something else may change. A restore puts the data back alone. */
export type Step = "install" | "upgrade" | "rollback" | "restart" | "restore";

/** Everything that the guards and the estimates judge by. */
export interface PlanContext {
  /** Name of the Pulumi stack, for commands to type. */
  readonly stack: string;
  readonly settings: PlanSettings;
  /** Undefined without access to the host. */
  readonly facts?: HostFacts | undefined;
  readonly step: Step;
  /** Whether a release has ever answered here: it does now, or it did when the last outputs were written. */
  readonly served: boolean;
  /** What the last good update brought; by hand, another release may have been put there since. */
  readonly last: LastUpdate;
  /** Undefined when nothing ran before, or something unknown. */
  readonly from?: Version | undefined;
  readonly to: Version;
  /** Undefined while the database or the target's migrations are unknown. Pending is what is so after a restore. */
  readonly schema?: SchemaDifference | undefined;
  /** The backup that this update restores: one of the target's version and schema, when the config names it. */
  readonly restore?: BackupManifest | undefined;
}

/** What a plan is made of. */
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
 * Files of migrations that may run and after which the release that runs may fail. One that cannot be read is among
 * them: it must not pass as harmless, so whatever names these names it, and the old release is not left on its schema
 * for longer than needed. It does not choose the strategy, though, as no finding does: that it runs at all, the
 * rehearsal shows, and a release whose every migration has a text that it computes would stop the service each time.
 * An operator who knows better sets nestfleet:strategy, an author marks the migration.
 */
export function breakingIn({ schema }: Pick<PlanContext, "schema">): string[] {
  const breaking = mayRun(schema).filter(
    ({ findings, unreadable }) => unreadable !== undefined || findings.some(({ breaksRunning }) => breaksRunning),
  );
  return breaking.map(({ file }) => file);
}

/** What will be pending on the restored database; what is ahead now, the restore undoes. */
function afterRestore(
  schema: SchemaDifference | undefined,
  restore: BackupManifest | undefined,
  facts: HostFacts | undefined,
): SchemaDifference | undefined {
  if (schema === undefined || restore === undefined || facts?.target === undefined) return schema;
  return { ...compareSchema(restore.migrations, facts.target.migrations), ahead: schema.ahead };
}

/**
 * True when the release's tag is allowed to move and names another image than the one that serves. What is built from
 * source is not compared: the same source gives another image each time.
 */
function hasMoved({ settings, facts }: Pick<PlanContext, "settings" | "facts">): boolean {
  const { serving, target } = facts ?? {};
  if (!settings.allowMovingTag || settings.source !== undefined) return false;
  return serving !== undefined && target !== undefined && serving.imageId !== target.imageId;
}

/**
 * The release before: what serves, else what the last update brought, else what an update that never got as far as
 * serving has started, for that may have migrated the database.
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
 * Tags without an order of their own are ordered by the schema: a release that does not know an applied migration is
 * an older one. Where the schema does not tell, a release that has served here before (there is a backup of it) is
 * taken for the older one.
 */
function direction({ schema, to, from, facts }: Known): "upgrade" | "rollback" {
  if (schema && schema.ahead.length > 0) return "rollback";
  if (schema && schema.pending.length > 0) return "upgrade";
  if (from?.tag === to.tag) return "upgrade";
  return newestBackup(facts?.backups ?? [], to.tag) ? "rollback" : "upgrade";
}
