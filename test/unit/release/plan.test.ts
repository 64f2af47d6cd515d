import { describe, expect, test } from "vitest";
import type { HostFacts } from "../../../components/release/facts";
import type { HistoryEntry } from "../../../components/release/records/history";
import { neededBytes } from "../../../components/release/estimate";
import { type Plan, plan } from "../../../components/release/plan";
import { ROLES } from "../../../components/release/names";
import type { PlanSettings } from "../../../components/release/plan-context";
import { releases } from "../../images/nestfleet/releases";
import {
  asked,
  backup,
  change,
  container,
  emptyHost,
  filesOf,
  GB,
  host,
  imageOf,
  HARMLESS,
  migrationsOf,
  oneDisk,
  ownDisks,
} from "./facts";

const from142 = "20261124T080000Z-1.4.2";

/** The plan for the demo release `to`, while `from` serves. */
function step(
  from: string,
  to: string,
  settings: Partial<PlanSettings> = {},
  change: Parameters<typeof host>[2] = {},
): Plan {
  return plan({ stack: "prod", settings: asked(to, settings), host: host(from, to, change), last: { version: from } });
}

function pendingFiles({ pending }: Plan): string[] | undefined {
  return pending?.map(({ file }) => file);
}

describe("what an update is", () => {
  test("an install, where nothing ran", () => {
    const planned = plan({ stack: "prod", settings: asked("1.4.2"), host: emptyHost("1.4.2"), last: {} });
    expect(planned).toMatchObject({ kind: "install", from: undefined, needsBackup: false, disk: [], problems: [] });
    expect(planned.wayBack).toBeUndefined();
  });

  test("still an install, when the first one was killed after it had migrated", () => {
    const killed = host("1.4.2", "1.4.2", { facts: { serving: undefined } });
    expect(plan({ stack: "prod", settings: asked("1.4.2"), host: killed, last: {} })).toMatchObject({
      kind: "install",
      needsBackup: false,
    });
  });

  test("an upgrade, with the migrations that the target brings", () => {
    const planned = step("1.4.2", "1.5.0");
    expect(planned).toMatchObject({ kind: "upgrade", needsBackup: true, strategy: "rolling", ahead: [] });
    expect(pendingFiles(planned)).toEqual(["0005_case_events.sql", "0006_cases_assignee.sql"]);
    expect(planned.wayBack).toEqual({ version: "1.4.2", backup: "of this update" });
  });

  test("a rollback, alone where the schema is the same", () => {
    const planned = step("1.6.1", "1.5.1");
    expect(planned).toMatchObject({ kind: "rollback", needsBackup: true, problems: [] });
    expect(planned.wayBack).toEqual({ version: "1.6.1", backup: "none" });
  });

  test("a restart, where the version stays", () => {
    expect(step("1.5.0", "1.5.0")).toMatchObject({ kind: "restart", needsBackup: false, restarts: [], disk: [] });
  });

  test("a restart also after a rejected upgrade that had migrated: the old version recovers", () => {
    const planned = step("1.5.1", "1.5.1", {}, { database: { applied: filesOf("1.6.3") } });
    expect(planned).toMatchObject({ kind: "restart", problems: [], ahead: ["0009_backfill_search_text.sql"] });
  });

  test("what serves counts, not what the last good update brought", () => {
    const planned = plan({
      stack: "prod",
      settings: asked("1.5.0"),
      host: host("1.5.0", "1.5.0"),
      last: { version: "1.4.2" },
    });
    expect(planned.kind).toBe("restart");
  });

  test("an upgrade of something unknown, where a database has data and nothing serves", () => {
    const facts = {
      ...host("1.4.2", "1.5.0"),
      containers: [container("postgres", "pgvector/pgvector:pg16")],
      serving: undefined,
    };
    expect(plan({ stack: "prod", settings: asked("1.5.0"), host: facts, last: {} })).toMatchObject({
      kind: "upgrade",
      from: undefined,
      needsBackup: true,
    });
  });

  test("every step between demo releases is the one that the numbers say, and only new migrations are pending", () => {
    for (const one of releases) {
      for (const other of releases) {
        const planned = step(one.version, other.version, { allowSchemaAhead: true, acknowledgeMajor: "2" });
        const expected =
          one === other ? "restart" : releases.indexOf(one) < releases.indexOf(other) ? "upgrade" : "rollback";
        expect(planned.kind, `${one.version} → ${other.version}`).toBe(expected);
        expect(
          [...one.migrations.filter((file) => !planned.ahead.includes(file)), ...(pendingFiles(planned) ?? [])].sort(),
        ).toEqual([...other.migrations].sort());
      }
    }
  });
});

describe("tags without numbers are ordered by what is on the host", () => {
  const tags = (applied: string, known: string, backups = [backup(from142)]) =>
    plan({
      stack: "prod",
      settings: asked("sha-bbbbbbb", { allowSchemaAhead: true }),
      host: host("sha-aaaaaaa", "sha-bbbbbbb", {
        database: { applied: filesOf(applied) },
        target: { migrations: migrationsOf(known) },
        facts: { backups },
      }),
      last: {},
    }).kind;

  test.each([
    ["the target knows more", "1.4.2", "1.5.0", "upgrade"],
    ["the target knows less", "1.5.0", "1.4.2", "rollback"],
    ["each knows what the other does not", "1.6.0", "1.6.3", "rollback"],
    ["both know the same", "1.5.0", "1.5.0", "upgrade"],
  ])("%s", (_, applied, known, kind) => {
    expect(tags(applied, known)).toBe(kind);
  });

  test("both know the same, and the target has served here before", () => {
    expect(tags("1.5.0", "1.5.0", [backup("20261124T080000Z-sha-bbbbbbb")])).toBe("rollback");
  });

  test("a number on one side only orders nothing", () => {
    const facts = host("9.9.9", "sha-bbbbbbb", { target: { migrations: migrationsOf("1.5.0") } });
    expect(plan({ stack: "prod", settings: asked("sha-bbbbbbb"), host: facts, last: {} }).kind).toBe("upgrade");
  });

  test("without the Docker host it is not known, and the plan says so", () => {
    const planned = plan({
      stack: "prod",
      settings: asked("sha-bbbbbbb"),
      host: { unreachable: "no route" },
      last: { version: "sha-aaaaaaa" },
    });
    expect(planned.warnings).toEqual([
      "whether sha-aaaaaaa → sha-bbbbbbb is an upgrade or a rollback is not known without the Docker host",
    ]);
  });
});

describe("a tag that may move", () => {
  const latest = (target: Parameters<typeof host>[2]) =>
    plan({
      stack: "prod",
      settings: asked("latest", { allowMovingTag: true }),
      host: host("latest", "latest", target),
      last: { version: "latest" },
    });

  test("is restarted while it names the image that serves", () => {
    expect(latest({}).kind).toBe("restart");
  });

  test("is restarted, when it is built from source: the same source gives another image each time", () => {
    const built = asked("latest", { allowMovingTag: true, source: "../nestfleet" });
    const facts = host("latest", "latest", { target: { imageId: "" } });
    expect(plan({ stack: "prod", settings: built, host: facts, last: { version: "latest" } }).kind).toBe("restart");
  });

  test("is an upgrade, with a backup, once it names another one", () => {
    const moved = latest({ target: { imageId: imageOf("other"), migrations: migrationsOf("1.5.0") } });
    expect(moved).toMatchObject({
      kind: "upgrade",
      needsBackup: true,
      problems: [],
      restarts: ["api", "worker", "console"],
    });
  });
});

describe("the cutover runs", () => {
  const interim = container("api", "1.4.2", { name: "nestfleet-prod-restored-20261124t080102z-api" });

  test.each<[string, Plan]>([
    ["install", plan({ stack: "prod", settings: asked("1.4.2"), host: emptyHost("1.4.2"), last: {} })],
    ["upgrade", step("1.4.2", "1.5.0")],
    ["rollback", step("1.6.1", "1.5.1")],
    [
      "restore",
      step("1.4.2", "1.4.2", { restore: from142, confirmRestore: "monday" }, { facts: { backups: [backup(from142)] } }),
    ],
  ])("with each %s, also if no container changes", (kind, planned) => {
    expect(planned).toMatchObject({ kind, runsCutover: true });
  });

  test("with a restart only while a temporary container serves", () => {
    expect(step("1.4.2", "1.4.2")).toMatchObject({ kind: "restart", runsCutover: false });
    const after = step("1.4.2", "1.4.2", {}, { facts: { serving: interim } });
    expect(after).toMatchObject({ kind: "restart", runsCutover: true });
  });

  test("with a restart after an update under the same release that had no verdict: both containers are there", () => {
    const { containers } = host("1.4.2", "1.4.2");
    const beside = (role: "api" | "worker") => ({
      facts: { containers: [...containers, container(role, "1.4.2", { name: `nestfleet-prod-${role}-2` })] },
    });
    expect(step("1.4.2", "1.4.2", {}, beside("api"))).toMatchObject({ kind: "restart", runsCutover: true });
    expect(step("1.4.2", "1.4.2", {}, beside("worker"))).toMatchObject({ kind: "restart", runsCutover: false });
  });

  test("not with a restart if it is not known which containers serve", () => {
    const hidden = host("1.4.2", "1.4.2", { facts: { serving: undefined } });
    expect(plan({ stack: "prod", settings: asked("1.4.2"), host: hidden, last: { version: "1.4.2" } })).toMatchObject({
      kind: "restart",
      runsCutover: false,
    });
    const away = plan({
      stack: "prod",
      settings: asked("1.4.2"),
      host: { unreachable: "the Docker host does not answer" },
      last: { version: "1.4.2" },
    });
    expect(away).toMatchObject({ kind: "restart", runsCutover: false });
  });
});

describe("strategy", () => {
  const marked = {
    target: {
      migrations: [...migrationsOf("1.4.2"), { file: "0005_a.sql", reading: { ...HARMLESS, incompatible: true } }],
    },
  };

  const reading = { ...HARMLESS, unreadable: { line: 1, reason: "syntax error" } };
  const unreadable = { target: { migrations: [...migrationsOf("1.4.2"), { file: "0005_a.sql", reading }] } };

  test.each<[string, Plan, string]>([
    ["auto rolls", step("1.4.2", "1.5.0"), "rolling"],
    ["auto recreates on a major step", step("1.6.3", "2.0.0"), "recreate"],
    ["auto recreates on a major step back", step("2.0.0", "1.6.3"), "recreate"],
    ["auto recreates for a marked migration", step("1.4.2", "1.5.0", {}, marked), "recreate"],
    ["auto rolls for one that cannot be read", step("1.4.2", "1.5.0", {}, unreadable), "rolling"],
    ["what the config says wins", step("1.4.2", "1.5.0", { strategy: "rolling" }, marked), "rolling"],
    ["also the other way", step("1.4.2", "1.5.0", { strategy: "recreate" }), "recreate"],
    [
      "a change of settings rolls, whatever the config says",
      step("1.5.0", "1.5.0", { strategy: "recreate" }),
      "rolling",
    ],
    [
      "an install has nothing to stop, whatever the config says",
      plan({ stack: "prod", settings: asked("1.4.2", { strategy: "recreate" }), host: emptyHost("1.4.2"), last: {} }),
      "rolling",
    ],
    [
      "an install has nothing to stop",
      plan({ stack: "prod", settings: asked("1.4.2"), host: emptyHost("1.4.2"), last: {} }),
      "rolling",
    ],
  ])("%s", (_, { strategy }, expected) => {
    expect(strategy).toBe(expected);
  });

  test("rolling over a change that the running version may not survive is warned about", () => {
    expect(step("1.4.2", "1.5.1").warnings).toEqual([
      "0007_drop_cases_channel.sql may break 1.4.2, which serves until the new version has started; nestfleet:strategy recreate avoids that",
    ]);
    expect(step("1.4.2", "1.5.1", { strategy: "recreate" }).warnings).toEqual([]);
  });
});

describe("what users notice", () => {
  const backups = [backup(from142, { seconds: 5 })];

  test("a short pause is called one; the maintenance page comes after 30 s", () => {
    const recreate = (facts: object, change = {}) =>
      step("1.4.2", "1.5.0", { strategy: "recreate" }, { facts: { backups, ...facts }, ...change }).downtime;
    expect(recreate({})).toBe(
      "requests wait about 20 s plus the time of the migrations; a request that waits longer than 30 s gets a maintenance page",
    );
    expect(step("1.5.1", "1.6.1", { strategy: "recreate" }, { facts: { backups } }).downtime).toBe(
      "requests wait about 20 s",
    );
    expect(recreate({}, { database: { sizeBytes: 13 * GB } })).toMatch(/^requests wait about 65 s plus /);
  });

  test("of a change of settings under strategy recreate: what a rolling one brings", () => {
    expect(step("1.5.0", "1.5.0", { strategy: "recreate" }).downtime).toMatch(
      /^none where a setting of api, worker or console changes: requests wait at most a second;/,
    );
  });

  test.each(["1.4.2", "1.5.0"])("is not promised without the host (%s)", (version) => {
    const planned = plan({
      stack: "prod",
      settings: asked(version),
      host: { unreachable: "no route" },
      last: { version: "1.4.2" },
    });
    expect(planned.downtime).toBe("unknown: the Docker host was not looked at");
  });
});

describe("backup and disk", () => {
  const withBackup = { facts: { backups: [backup(from142, { bytes: 100, databaseBytes: 1000, seconds: 2 })] } };

  test("scaled from the newest backup by the size of the database", () => {
    const planned = step("1.4.2", "1.5.0", {}, { ...withBackup, database: { sizeBytes: 3000 } });
    expect(planned.backup).toEqual({ databaseBytes: 3000, bytes: 300, seconds: 6 });
  });

  test("the newest is that of the highest id, also after the clock was set back", () => {
    const backups = [
      backup("20261124T080001Z-1.4.2", { takenAt: "2026-11-24T03:00:00Z", bytes: 100, databaseBytes: 1000 }),
      backup(from142, { bytes: 900, databaseBytes: 1000 }),
    ];
    const planned = step("1.4.2", "1.5.0", {}, { facts: { backups }, database: { sizeBytes: 1000 } });
    expect(planned.backup?.bytes).toBe(100);
  });

  test("without a backup, as large as the database, in an unknown time", () => {
    expect(step("1.4.2", "1.5.0").backup).toEqual({ databaseBytes: 1.3 * GB, bytes: 1.3 * GB });
  });

  test("on one file system: dump, restored database, its write-ahead log, and head room", () => {
    const planned = step("1.4.2", "1.5.0", {}, { ...withBackup, database: { sizeBytes: 0.5 * GB } });
    expect(planned.disk).toEqual([
      { of: ["backups", "docker"], neededBytes: 1.05 * GB * 1.2 + 256_000_000, freeBytes: 53 * GB },
    ]);
  });

  test("the write-ahead log ends at a gibibyte", () => {
    const [, need] = step("1.4.2", "1.5.0", {}, { database: { sizeBytes: 100 * GB, disks: ownDisks() } }).disk;
    expect(need?.neededBytes).toBe(Math.ceil((100 * GB + 1024 ** 3) * 1.2) + 256_000_000);
  });

  test("on two file systems each has its own need", () => {
    const planned = step("1.4.2", "1.5.0", {}, { ...withBackup, database: { disks: ownDisks({ backups: 7 }) } });
    expect(planned.disk.map(({ of, freeBytes }) => [of, freeBytes])).toEqual([
      [["backups"], 7],
      [["docker"], 53 * GB],
    ]);
  });

  test("without a rehearsal only the dump is written", () => {
    const planned = step("1.4.2", "1.5.0", { rehearsal: "off" }, { database: { disks: ownDisks() } });
    expect(planned.disk.map(({ of }) => of)).toEqual([["backups"]]);
  });

  test("a rollback that restores has one database beside the live one: that of the backup, which is not rehearsed", () => {
    const backups = [backup(from142, { databaseBytes: 0.5 * GB, bytes: 100 })];
    for (const rehearsal of ["full", "off"] as const) {
      const found = { facts: { backups }, database: { sizeBytes: 0.5 * GB } };
      const planned = step("1.5.0", "1.4.2", { rehearsal, restore: from142 }, found);
      expect(planned.rehearsal).toBe("off");
      expect(planned.disk[0]?.neededBytes).toBe(Math.ceil((1 * GB + 100) * 1.2) + 256_000_000);
    }
  });

  test("an update that stops the writers has a second backup, once the copy of the rehearsal is gone", () => {
    const bytes = 0.5 * GB;
    const facts = { backups: [backup(from142, { bytes, databaseBytes: bytes })] };
    const needs = (rehearsal: "full" | "off", disks = ownDisks()) =>
      step("1.4.2", "1.5.0", { rehearsal, strategy: "recreate" }, { facts, database: { sizeBytes: bytes, disks } })
        .disk;
    const room = (written: number) => written * 1.2 + 256_000_000;
    expect(needs("off").map(({ neededBytes }) => neededBytes)).toEqual([room(2 * bytes)]);
    expect(needs("full").map(({ neededBytes }) => neededBytes)).toEqual([room(2 * bytes), room(2 * bytes)]);
    // Dump, copy and write-ahead log at first, two dumps later on.
    expect(needs("full", oneDisk(53 * GB)).map(({ neededBytes }) => neededBytes)).toEqual([room(3 * bytes)]);
  });

  test("what the plan accepts, no part of the update refuses afterwards", () => {
    for (let sizeBytes = 1000; sizeBytes < 1e13; sizeBytes *= 3)
      for (const strategy of ["rolling", "recreate"] as const) {
        const { backup: dump, disk } = step("1.4.2", "1.5.0", { strategy }, { ...withBackup, database: { sizeBytes } });
        const [bytes, free] = [dump?.bytes ?? 0, disk[0]?.neededBytes ?? 0];
        expect(neededBytes({ dumps: bytes })).toBeLessThanOrEqual(free);
        expect(neededBytes({ databases: sizeBytes })).toBeLessThanOrEqual(free - bytes);
        if (strategy === "recreate") expect(neededBytes({ dumps: bytes })).toBeLessThanOrEqual(free - bytes);
      }
  });

  test("needs never shrink as the database grows", () => {
    let before = 0;
    for (let sizeBytes = 1000; sizeBytes < 1e13; sizeBytes *= 3) {
      const needed = step("1.4.2", "1.5.0", {}, { ...withBackup, database: { sizeBytes } }).disk[0]?.neededBytes ?? 0;
      expect(needed).toBeGreaterThan(before);
      before = needed;
    }
  });
});

describe("restarts", () => {
  test("a new version restarts its three services", () => {
    expect(step("1.4.2", "1.5.0")).toMatchObject({
      restarts: ["api", "worker", "console"],
      stays: ["postgres", "caddy"],
    });
  });

  test("another image of postgres or caddy restarts it, and users wait", () => {
    const images = { ...asked("1.5.0").images, postgres: "pgvector/pgvector:0.8.1-pg16" };
    const planned = step("1.5.0", "1.5.0", { images });
    expect(planned.restarts).toEqual(["postgres"]);
    expect(planned.downtime).toContain("requests wait for some seconds while postgres restarts");
  });

  test("a database that an older program has put on the network of all five moves, with what works on it", () => {
    const all = (networks: Record<string, string[]>) => ({
      facts: {
        containers: host("1.5.0", "1.5.0").containers.map((one) => ({ ...one, networks: networks[one.role] ?? [] })),
      },
    });
    const one = Object.fromEntries(ROLES.map((role) => [role, ["nestfleet-prod-1a2b3c4"]]));
    const moving = step("1.5.0", "1.5.0", {}, all(one));
    expect(moving.restarts).toEqual(["api", "worker", "postgres"]);
    expect(moving.warnings).toEqual([
      "postgres leaves the network nestfleet-prod-1a2b3c4 for a network of its own, with api and worker; from then on a container of yours reaches it only after " +
        "docker network connect $(docker inspect --format '{{range $name, $_ := .NetworkSettings.Networks}}{{$name}}{{end}}' nestfleet-prod-postgres) CONTAINER",
    ]);
    // Also where an operator has connected it to the other one as well.
    const moved = { ...one, postgres: ["nestfleet-prod-1a2b3c4", "nestfleet-prod-back-5d6e7f8"] };
    expect(step("1.5.0", "1.5.0", {}, all(moved))).toMatchObject({ restarts: [], warnings: [] });
  });

  test("what an older program has made is made anew; not the proxy, unless it gets another image", () => {
    const containers = host("1.5.0", "1.5.0").containers.map((one) => ({ ...one, noCore: false }));
    const kept = step("1.5.0", "1.5.0", {}, { facts: { containers } });
    expect(kept).toMatchObject({ restarts: ["api", "worker", "console", "postgres"], keepsProxy: true });
    const images = { ...asked("1.5.0").images, caddy: "caddy:2.11-alpine" };
    const other = step("1.5.0", "1.5.0", { images }, { facts: { containers } });
    expect(other).toMatchObject({ restarts: [...ROLES], keepsProxy: false });
    // Docker's daemon.json may give every container that limit.
    const limited = containers.map((one) => ({ ...one, noCore: true, readOnly: false }));
    const wanted = { resources: { api: {}, worker: {}, console: {}, caddy: { readOnly: true } } };
    expect(step("1.5.0", "1.5.0", wanted, { facts: { containers: limited } })).toMatchObject({ keepsProxy: true });
    const own = containers.map((one) => ({ ...one, noCore: true }));
    expect(step("1.5.0", "1.5.0", {}, { facts: { containers: own } })).toMatchObject({
      restarts: [],
      keepsProxy: false,
      ulimitsSet: [...ROLES],
    });
  });

  test("what does not run, or runs another version after a failed update, is started again", () => {
    const { containers } = host("1.5.0", "1.5.0");
    const changed = containers.map((one) =>
      one.role === "worker" ? { ...one, running: false } : one.role === "console" ? { ...one, version: "1.4.2" } : one,
    );
    expect(step("1.5.0", "1.5.0", {}, { facts: { containers: changed } }).restarts).toEqual(["worker", "console"]);
  });

  test("a stack without workers restarts none", () => {
    const containers = host("1.4.2", "1.5.0").containers.filter(({ role }) => role !== "worker");
    expect(step("1.4.2", "1.5.0", {}, { facts: { containers } }).restarts).toEqual(["api", "console"]);
  });
});

describe("what was stopped or removed by hand", () => {
  const last = { version: "1.4.2" };

  test("caddy: the last outputs say that something served", () => {
    const found = host("1.4.2", "1.4.2", { facts: { serving: undefined } });
    const containers = found.containers.map((one) => (one.role === "caddy" ? { ...one, running: false } : one));
    const planned = plan({ stack: "prod", settings: asked("1.4.2"), host: { ...found, containers }, last });
    expect(planned).toMatchObject({ kind: "restart", problems: [] });
    expect(planned.warnings).toEqual([
      "no caddy runs, though it should; pulumi up --stack prod starts what was stopped, pulumi up --refresh --stack prod also brings back what was removed",
    ]);
  });

  test("all containers: the same version brings them back, and one line says how", () => {
    const planned = plan({ stack: "prod", settings: asked("1.4.2"), host: emptyHost("1.4.2"), last });
    expect(planned).toMatchObject({ kind: "restart", problems: [] });
    expect(planned.warnings).toHaveLength(1);
    expect(planned.warnings[0]).toMatch(/^the Docker host has no container of this stack: .*pulumi up --refresh/);
  });

  test("on a new stack nothing is missing", () => {
    expect(plan({ stack: "prod", settings: asked("1.4.2"), host: emptyHost("1.4.2"), last: {} })).toMatchObject({
      kind: "install",
      warnings: [],
    });
  });
});

describe("the way back", () => {
  test("of a second try after a killed one is the backup from before the first", () => {
    const backups = [backup(from142), backup("20261124T090000Z-1.4.2", { migrations: filesOf("1.5.0") })];
    const planned = step("1.4.2", "1.5.0", {}, { database: { applied: filesOf("1.5.0") }, facts: { backups } });
    expect(planned.wayBack).toEqual({ version: "1.4.2", backup: { id: from142 } });
  });
});

describe("restore", () => {
  const backups = [backup(from142), backup("20261124T090000Z-1.5.0")];

  test("a rollback restores the backup of its version that the config names", () => {
    const planned = step("1.5.0", "1.4.2", { restore: from142 }, { facts: { backups } });
    expect(planned).toMatchObject({
      kind: "rollback",
      restore: { manifest: { id: from142 } },
      needsBackup: true,
      strategy: "rolling",
      restarts: ["api", "worker", "console"],
      downtime:
        "requests wait while the databases are swapped and the api starts: for how long is not known before the first time on this host",
      wayBack: { version: "1.5.0", backup: { undo: "scripts/restore.sh --stack prod --undo" } },
      warnings: [],
      problems: [],
    });
  });

  test.each([
    ["an upgrade", "1.5.0", "1.5.1", from142],
    ["an upgrade to the very version of the backup", "1.4.2", "1.5.0", "20261124T090000Z-1.5.0"],
    ["a restart", "1.4.2", "1.4.2", from142],
    ["a rollback to another version", "1.6.1", "1.5.1", from142],
  ])("%s is not touched by a leftover", (_, from, to, restore) => {
    const planned = step(from, to, { restore }, { facts: { backups } });
    expect(planned).toMatchObject({ restore: undefined, problems: [], kind: planned.step });
    expect(planned.step).not.toBe("restore");
  });

  test("what is pending then is so on the restored database", () => {
    const older = backup(from142, { migrations: filesOf("1.4.2").slice(0, -1) });
    const planned = step("1.5.0", "1.4.2", { restore: from142 }, { facts: { backups: [older] } });
    expect(pendingFiles(planned)).toEqual(["0004_credentials.sql"]);
    expect(planned.ahead).toEqual(["0005_case_events.sql", "0006_cases_assignee.sql"]);
  });

  test("an older backup than need be is warned about", () => {
    const planned = step(
      "1.5.0",
      "1.4.2",
      { restore: from142 },
      { facts: { backups: [...backups, backup("20261124T100000Z-1.4.2")] } },
    );
    expect(planned.warnings).toEqual([
      "there is a newer backup of 1.4.2 than the one that will be restored: 20261124T100000Z-1.4.2",
    ]);
  });
});

describe("the data alone", () => {
  const backups = [backup(from142), backup("20261124T090000Z-1.4.2")];
  const asks = { restore: from142, confirmRestore: "monday" };
  const installed = change({ kind: "install", from: null, verdict: "installed" });
  const under = (settings: Partial<PlanSettings>, history: HistoryEntry[] = [installed], facts = {}) =>
    step("1.4.2", "1.4.2", settings, { facts: { backups, history, ...facts } });
  const done = change({
    from: "1.4.2",
    kind: "restore",
    verdict: "restored",
    restored: from142,
    confirmation: "monday",
  });

  test("are put back under the version that runs, when the config confirms it", () => {
    expect(under(asks)).toMatchObject({
      kind: "restore",
      restore: { manifest: { id: from142 } },
      needsBackup: true,
      strategy: "rolling",
      restarts: ["api", "worker"],
      stays: ["console", "postgres", "caddy"],
      downtime:
        "requests wait while the databases are swapped and the api starts: for how long is not known before the first time on this host",
      wayBack: { version: "1.4.2", backup: { undo: "scripts/restore.sh --stack prod --undo" } },
      warnings: [],
      problems: [],
    });
  });

  test("also where the config recreates: the restore stops the writers itself", () => {
    expect(under({ ...asks, strategy: "recreate" }).strategy).toBe("rolling");
  });

  test("never where the history is lost: it would say whether they were put back", () => {
    const { kind, warnings } = under(asks, []);
    expect(kind).toBe("restart");
    expect(warnings).toEqual([
      `history.jsonl is missing beside the backups: whether ${from142} was restored already is not known, so the data stay as they are; ` +
        `copy the file from the place that the backups come from, or restore the data by hand: scripts/restore.sh --stack prod ${from142}`,
    ]);
  });

  test("not where the last outputs have it, whatever the history says; and the outputs go on having it", () => {
    const facts = host("1.4.2", "1.4.2", { facts: { backups, history: [installed] } });
    const restored = { backup: from142, confirmation: "monday" };
    const known = { version: "1.4.2", restored };
    expect(plan({ stack: "prod", settings: asked("1.4.2", asks), host: facts, last: known })).toMatchObject({
      kind: "restart",
      restored,
    });
    expect(
      plan({ stack: "prod", settings: asked("1.4.2", asks), host: facts, last: { version: "1.4.2" } }),
    ).toMatchObject({
      kind: "restore",
      restored,
    });
    const anew = plan({
      stack: "prod",
      settings: asked("1.4.2", { ...asks, confirmRestore: "tuesday" }),
      host: facts,
      last: known,
    });
    expect(anew).toMatchObject({ kind: "restore", restored: { ...restored, confirmation: "tuesday" } });
  });

  test("once for each confirmation", () => {
    expect(under(asks, [done])).toMatchObject({ kind: "restart", needsBackup: false, warnings: [] });
    expect(under({ ...asks, confirmRestore: "tuesday" }, [done]).kind).toBe("restore");
    expect(under({ ...asks, restore: "20261124T090000Z-1.4.2" }, [done]).kind).toBe("restore");
  });

  test("if the update fails after the restore, the outputs of the next one have it", () => {
    const restored = { backup: from142, confirmation: "monday" };
    expect(under(asks, [done])).toMatchObject({ kind: "restart", restored });
    expect(under({}, [done]).restored).toBeUndefined();
  });

  test.each<[string, HistoryEntry, string]>([
    ["of a rollback counts, too", { ...done, from: "1.5.0", kind: "rollback", verdict: "rolled back" }, "restart"],
    ["that failed is tried again", { ...done, verdict: "failed" }, "restore"],
    ["of an entry that restored nothing does not count", change({ confirmation: "monday" }), "restore"],
  ])("one %s", (_, entry, kind) => {
    expect(under(asks, [entry]).kind).toBe(kind);
  });

  test("stay where the history cannot be read, and the plan says so", () => {
    for (const facts of [{ history: undefined }, { database: undefined }])
      expect(under(asks, [], facts)).toMatchObject({
        kind: "restart",
        problems: [],
        warnings: ["whether 20261124T080000Z-1.4.2 was restored already is not known until the database answers"],
      });
  });

  test("stay on a first install", () => {
    expect(plan({ stack: "prod", settings: asked("1.4.2", asks), host: emptyHost("1.4.2"), last: {} }).kind).toBe(
      "install",
    );
  });

  test("of a schema that a refused update migrated go back to the release's own", () => {
    const older = backup(from142, { migrations: filesOf("1.4.2").slice(0, -1) });
    const found = { facts: { backups: [older] }, database: { applied: filesOf("1.5.0") } };
    const planned = step("1.4.2", "1.4.2", asks, found);
    expect(pendingFiles(planned)).toEqual(["0004_credentials.sql"]);
    expect(planned.ahead).toEqual(["0005_case_events.sql", "0006_cases_assignee.sql"]);
  });
});

describe("a restore that is left over", () => {
  const backups = [backup(from142), backup("20261124T090000Z-1.5.0")];
  const warned = (from: string, to: string, settings: Partial<PlanSettings>, history: HistoryEntry[] = []) =>
    step(from, to, { restore: from142, ...settings }, { facts: { backups, history } }).warnings;
  const rolledBack = change({ restored: from142, confirmation: "monday" });
  const upgraded = change({ from: "1.4.2", to: "1.5.0", kind: "upgrade", verdict: "upgraded" });
  const inert = [
    "restore 20261124T080000Z-1.4.2 is left over and does nothing: pulumi config rm --stack prod nestfleet:restore",
  ];

  test("is not reported right after it was carried out, or if only failures followed", () => {
    expect(warned("1.4.2", "1.4.2", {}, [upgraded, rolledBack])).toEqual([]);
    expect(warned("1.4.2", "1.4.2", {}, [rolledBack, { ...upgraded, verdict: "failed" }])).toEqual([]);
  });

  test("is reported by an upgrade from it, and by every update under another version", () => {
    expect(warned("1.4.2", "1.5.0", {}, [rolledBack, upgraded])).toEqual(inert);
    expect(warned("1.5.0", "1.5.0", {}, [rolledBack, upgraded])).toEqual(inert);
  });

  test("is reported with the way to carry it out, under its own version", () => {
    expect(warned("1.4.2", "1.4.2", {})).toEqual([
      "restore 20261124T080000Z-1.4.2 does nothing without a confirmation, the version stays: pulumi config set --stack prod nestfleet:confirmRestore WORD",
    ]);
    const later = [rolledBack, upgraded, change()];
    expect(warned("1.4.2", "1.4.2", { confirmRestore: "monday" }, later)).toEqual([
      "restore 20261124T080000Z-1.4.2 was carried out with confirmRestore monday; to restore it once more, set another word",
    ]);
  });
});

describe("what a restore loses", () => {
  const backups = [backup(from142, { rows: { "public.cases": 100, "public.users": 5 }, seconds: 4 })];
  const live = { rows: { "public.cases": 130, "public.users": 4, "pgboss.job": 2 }, exact: true };
  const restored = (facts: Partial<HostFacts>) =>
    step("1.5.0", "1.4.2", { restore: from142 }, { facts: { backups, ...facts } }).restore;

  test("is what the live database has and the backup does not", () => {
    expect(restored({ live: { ...live, lastWrite: "2026-11-24T11:59:00Z" } })).toEqual({
      manifest: backups[0],
      ageSeconds: 4 * 3600,
      added: { "public.cases": 30, "pgboss.job": 2 },
      exact: true,
      lastWrite: "2026-11-24T11:59:00Z",
      seconds: 10,
    });
  });

  test("makes requests wait as long as the last times on this host, and for an unknown time before the first", () => {
    const downtime = (...times: number[]) =>
      step(
        "1.5.0",
        "1.4.2",
        { restore: from142 },
        {
          facts: { backups, history: times.map((heldSeconds) => change({ verdict: "rolled back", heldSeconds })) },
        },
      ).downtime;
    expect(downtime()).toContain("for how long is not known before the first time on this host");
    expect(downtime(9, 1.2, 2.3, 0)).toMatch(/^requests wait about 9 s /);
    expect(downtime(9, 1.2, 2.3, 1.4)).toMatch(/^requests wait about 3 s .* as in the last restores on this host$/);
  });

  test("is not given if the rows were not counted, nor is an age by a clock that is behind", () => {
    const clock = Date.parse("2026-11-24T07:00:00Z") / 1000;
    expect(restored({ clock })).toMatchObject({ added: {}, exact: false, ageSeconds: undefined, lastWrite: undefined });
  });

  test("a small backup takes at least a second", () => {
    expect(restored({ backups: [backup(from142, { seconds: 0.1 })] })?.seconds).toBe(1);
  });
});

describe("databases that were replaced", () => {
  const named = { name: "nestfleet_replaced_20261120t080000z", bytes: 7 };

  test("are kept for the days of the config", () => {
    const replaced = [{ ...named, version: "1.5.0", replacedAt: "2026-11-20T08:00:00Z" }];
    const planned = step("1.4.2", "1.4.2", { backups: { keepReplacedDays: 3 } }, { database: { replaced } });
    expect(planned.replaced).toEqual([{ ...replaced[0], droppedAfter: "2026-11-23T08:00:00Z", due: true }]);
  });

  test("stay for ever if it is not known when they were replaced", () => {
    expect(step("1.4.2", "1.4.2", {}, { database: { replaced: [named] } }).replaced).toEqual([named]);
  });
});

describe("without access to the host", () => {
  const planned = plan({
    stack: "prod",
    settings: asked("1.5.0"),
    host: { unreachable: "no such file" },
    last: { version: "1.4.2" },
  });

  test("config and last outputs still say what the step is", () => {
    expect(planned).toMatchObject({
      kind: "upgrade",
      from: { tag: "1.4.2" },
      unreachable: "no such file",
      problems: [],
    });
  });

  test("nothing is guessed", () => {
    expect([planned.pending, planned.backup, planned.restarts]).toEqual([undefined, undefined, undefined]);
    expect(planned.disk).toEqual([]);
  });

  test("a restore is announced, without what it loses", () => {
    const back = plan({
      stack: "prod",
      settings: asked("1.4.2", { restore: from142 }),
      host: { unreachable: "no" },
      last: { version: "1.5.0" },
    });
    expect(back).toMatchObject({ kind: "rollback", restore: undefined, problems: [] });
    expect(back.warnings).toEqual([
      "what the restore of 20261124T080000Z-1.4.2 loses is not known without the Docker host",
    ]);
  });

  test("what needs no facts is still refused", () => {
    const major = plan({
      stack: "prod",
      settings: asked("2.0.0", { requiredStops: ["1.6.3"] }),
      host: { unreachable: "no" },
      last: { version: "1.4.2" },
    });
    expect(major.problems.map(({ title }) => title)).toEqual([
      "1.4.2 → 2.0.0 is a step to major release 2",
      "1.4.2 → 2.0.0 skips 1.6.3",
    ]);
  });
});

describe("a backup that can be read and not restored", () => {
  const found = { by: "proof", at: "2026-11-20T02:10:00Z" } as const;
  const proven = { ...found, way: "pg_restore", seconds: 9, megabytes: 64 } as const;
  const warnings = (...backups: ReturnType<typeof backup>[]) =>
    step("1.4.2", "1.4.2", {}, { facts: { backups } }).warnings;

  test("is warned of once no backup was proven for two days", () => {
    const command = "scripts/backup.sh --stack prod --prove";
    const old = backup("20261120T020000Z-1.4.2");
    expect(warnings(old)).toEqual([
      `no backup has been shown to be restorable; run this now, and best every night: ${command}`,
    ]);
    expect(warnings({ ...old, proven })).toEqual([
      `no backup has been shown to be restorable for 4 days; run this now, and best every night: ${command}`,
    ]);
    expect(warnings({ ...old, proven: { ...proven, at: "2026-11-23T02:10:00Z" } })).toEqual([]);
    expect(warnings(backup("20261124T020000Z-1.4.2"))).toEqual([]);
    expect(warnings()).toEqual([]);
  });

  test("is named with the reason, until a newer one is proven", () => {
    const reason = "rows of case_events break the foreign key case_events_case_id_fkey; to list them: SELECT 1;";
    const broken = backup("20261124T020000Z-1.4.2", { disproven: { ...found, reason } });
    expect(warnings(broken)).toEqual([
      `${reason} (found at 2026-11-20T02:10:00Z); once that is fixed, scripts/backup.sh --stack prod --prove shows whether the next one can be`,
    ]);
    expect(warnings(broken, backup("20261124T030000Z-1.4.2", { proven }))).toHaveLength(1); // that proof is old
    const fresh = { ...proven, at: "2026-11-24T03:10:00Z" };
    expect(warnings(broken, backup("20261124T030000Z-1.4.2", { proven: fresh }))).toEqual([]);
  });

  test("a restore takes as long as it was seen to take", () => {
    const known = backup(from142, { proven });
    const planned = step("1.5.0", "1.4.2", { restore: from142 }, { facts: { backups: [known] } });
    expect(planned.restore?.seconds).toBe(9);
  });
});

test("another log than the program's is a change, and options that Docker has added are not", () => {
  const log = (options: Record<string, string>) => ({ log: { driver: "json-file", options } });
  const own = { "max-size": "10m", "max-file": "3" };
  const containers = [
    container("postgres", "pgvector/pgvector:pg16", log({ ...own, compress: "true" })),
    container("api", "1.5.0", log({ ...own, "max-size": "50m" })),
    container("console", "1.5.0"),
  ];
  expect(step("1.5.0", "1.5.0", {}, { facts: { containers } }).otherLogs).toEqual(["api"]);
  expect(
    plan({ stack: "prod", settings: asked("1.5.0"), host: { unreachable: "no host" }, last: {} }).otherLogs,
  ).toEqual([]);
});

describe("the addresses that the proxy is published at", () => {
  const bindOf = (bind: string[], addresses?: string[]) => {
    const containers = [container("caddy", "caddy:2-alpine", { addresses })];
    const settings = asked("1.4.2", { http: { bind, httpPort: 80, httpsPort: 443 } });
    return plan({ stack: "prod", settings, host: host("1.4.2", "1.4.2", { facts: { containers } }), last: {} }).bind;
  };

  test("keep Docker's own order, which the provider would take for a change", () => {
    expect(bindOf(["127.0.0.1", "::1"], ["::1", "127.0.0.1"])).toEqual(["::1", "127.0.0.1"]);
  });

  test.each<[string, string[], string[] | undefined]>([
    ["no proxy runs", ["0.0.0.0", "::"], undefined],
    ["one is added", ["0.0.0.0", "::"], ["0.0.0.0"]],
    ["one is taken away", ["0.0.0.0"], ["::", "0.0.0.0"]],
  ])("are the config's where %s", (_, bind, addresses) => {
    expect(bindOf(bind, addresses)).toEqual(bind);
  });
});
