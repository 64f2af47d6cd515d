import type {
  Disks,
  DatabaseFacts,
  HostFacts,
  Migration,
  RunningContainer,
  TargetFacts,
} from "../../../components/release/facts";
import type { HistoryEntry } from "../../../components/release/records/history";
import type { BackupManifest } from "../../../components/release/records/manifest";
import type { Reading } from "../../../components/release/sql/reading";
import type { PlanSettings } from "../../../components/release/plan-context";
import { parseVersion } from "../../../components/release/version";
import { releases } from "../../images/nestfleet/releases";

export const GB = 1_000_000_000;

/** The findings of a migration that only adds. */
export const HARMLESS: Reading = { findings: [], incompatible: false, extensions: [] };

/** The findings in the migrations of the demo release, which destructive.test.ts compares with the real files. */
export const READINGS: Readonly<Record<string, Reading>> = {
  "0001_extensions.sql": { ...HARMLESS, extensions: [{ name: "vector", cascade: false }] },
  "0007_drop_cases_channel.sql": {
    ...HARMLESS,
    findings: [{ line: 2, statement: "ALTER TABLE cases DROP COLUMN channel", losesData: true, breaksRunning: true }],
  },
  "0010_rename_title_to_subject.sql": {
    ...HARMLESS,
    findings: [
      {
        line: 1,
        statement: "ALTER TABLE cases RENAME COLUMN title TO subject",
        losesData: false,
        breaksRunning: true,
      },
    ],
  },
};

/** The migration files of a demo release. */
export function filesOf(version: string): string[] {
  const release = releases.find((known) => known.version === version);
  if (!release) throw new Error(`no stand-in release ${version}`);
  return [...release.migrations];
}

export function migrationsOf(version: string): Migration[] {
  return filesOf(version).map((file) => ({ file, reading: READINGS[file] ?? HARMLESS }));
}

export function asked(tag: string, more: Partial<PlanSettings> = {}): PlanSettings {
  return {
    version: parseVersion(tag, true) ?? { tag },
    images: {
      api: "ghcr.io/nestfleet/nestfleet-api",
      console: "ghcr.io/nestfleet/nestfleet-console",
      postgres: "pgvector/pgvector:pg16",
      caddy: "caddy:2-alpine",
      digests: {},
    },
    http: { httpPort: 80, httpsPort: 443 },
    backups: { keepReplacedDays: 7 },
    rehearsal: "full",
    strategy: "auto",
    acknowledgeMajor: "",
    requiredStops: [],
    allowSchemaAhead: false,
    allowMovingTag: false,
    ...more,
  };
}

/** The image of a release: a tag that was not moved names the same one everywhere. */
export function imageOf(tag: string): string {
  return `sha256:${Buffer.from(tag.padEnd(32)).toString("hex")}`;
}

export function container(role: string, version: string, more: Partial<RunningContainer> = {}): RunningContainer {
  const { running = true } = more;
  const name = `nestfleet-prod-${role}`;
  const state = running ? "running" : "exited";
  return { id: `${role}-${version}`, role, name, version, imageId: imageOf(version), state, running, ...more };
}

/** A backup of a release: by default 290 MB of 1.3 GB in 5 s. */
export function backup(id: string, more: Partial<BackupManifest> = {}): BackupManifest {
  const [, year, month, day, hour, minute, second, version = ""] =
    /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z-(.+)$/.exec(id) ?? [];
  const known = releases.some((release) => release.version === version);
  return {
    id,
    version,
    takenAt: `${year ?? ""}-${month ?? ""}-${day ?? ""}T${hour ?? ""}:${minute ?? ""}:${second ?? ""}Z`,
    seconds: 5,
    bytes: 0.29 * GB,
    databaseBytes: 1.3 * GB,
    sha256: "0".repeat(64),
    compression: "zstd",
    rows: { "public.cases": 1000 },
    migrations: known ? filesOf(version) : [],
    extensions: { vector: "0.8.0" },
    server: "16.9",
    images: { api: imageOf(version) },
    ...more,
  };
}

/** The rollback 1.5.0 → 1.4.2, or another change, as the history has it. */
export function change(more: Partial<HistoryEntry> = {}): HistoryEntry {
  return {
    at: "2026-11-24T10:00:00Z",
    operator: "op@here",
    from: "1.5.0",
    to: "1.4.2",
    kind: "rollback",
    backup: null,
    migrations: [],
    digests: {},
    seconds: 20,
    verdict: "rolled back",
    ...more,
  };
}

/** All on one file system. */
export function oneDisk(freeBytes: number): Disks {
  const disk = { device: "/dev/sda1", freeBytes };
  return { data: disk, backups: disk, docker: disk };
}

/** Each on one of its own, with so much free. */
export function ownDisks(free: Partial<Record<keyof Disks, number>> = {}): Disks {
  const disk = (use: keyof Disks) => ({ device: `/dev/${use}`, freeBytes: free[use] ?? 53 * GB });
  return { data: disk("data"), backups: disk("backups"), docker: disk("docker") };
}

interface Change {
  readonly facts?: Partial<HostFacts>;
  readonly database?: Partial<DatabaseFacts>;
  readonly target?: Partial<TargetFacts>;
}

/** A Docker host on which `from` serves, with the facts for an update to `to`. Both are tags of demo releases. */
export function host(from: string, to: string, { facts, database, target }: Change = {}): HostFacts {
  const api = container("api", from);
  return {
    containers: [
      container("postgres", "pgvector/pgvector:pg16"),
      api,
      container("worker", from),
      container("console", from),
      container("caddy", "caddy:2-alpine"),
    ],
    serving: api,
    servingMigrations: migrationNames(from),
    database: {
      applied: migrationNames(from),
      sizeBytes: 1.3 * GB,
      major: 16,
      disks: oneDisk(53 * GB),
      extensions: { vector: "0.8.0", plpgsql: "1.0" },
      replaced: [],
      application: { superuser: false, ours: true },
      ofSuperuser: 0,
      ...database,
    },
    target: {
      imageId: imageOf(to),
      migrations: releases.some(({ version }) => version === to) ? migrationsOf(to) : [],
      postgresMajor: 16,
      requiredStops: [],
      ...target,
    },
    imagesMissing: [],
    portsTaken: [],
    backups: [],
    history: [change({ kind: "install", from: null, to: "1.2.0", verdict: "installed" })],
    clock: Date.parse("2026-11-24T12:00:00Z") / 1000,
    ...facts,
  };
}

/** A Docker host without any container or volume of the stack. */
export function emptyHost(to: string): HostFacts {
  return { ...host(to, to), containers: [], serving: undefined, database: undefined };
}

function migrationNames(tag: string): string[] {
  return releases.some(({ version }) => version === tag) ? filesOf(tag) : [];
}
