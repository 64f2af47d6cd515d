import { describe, expect, test } from "vitest";
import type { HostFacts, LiveData } from "../../../components/release/facts";
import { plan } from "../../../components/release/plan";
import type { LastUpdate, PlanSettings, Unreachable } from "../../../components/release/plan-context";
import { summary } from "../../../components/release/summary";
import { asked, backup, emptyHost, filesOf, GB, HARMLESS, host, migrationsOf, ownDisks } from "./facts";

const from142 = "20261124T080000Z-1.4.2";

function printed(
  tag: string,
  found: HostFacts | Unreachable,
  last: LastUpdate = {},
  settings: Partial<PlanSettings> = {},
) {
  return summary(plan({ stack: "prod", settings: asked(tag, settings), host: found, last })).split("\n");
}

test("an install", () => {
  expect(printed("1.4.2", emptyHost("1.4.2"))).toEqual([
    "install 1.4.2",
    "  migrations   all that the image has",
    "  backup       none: there are no data yet",
    "  downtime     none: nothing runs yet",
  ]);
});

describe("the images of a release", () => {
  const image = (digit: string, ...digests: string[]) => ({ id: `sha256:${digit.repeat(64)}`, digests });
  const images = {
    api: image("1", `ghcr.io/nestfleet/nestfleet-api@sha256:${"a".repeat(64)}`),
    worker: image("1", `ghcr.io/nestfleet/nestfleet-api@sha256:${"a".repeat(64)}`),
    console: image("2", `ghcr.io/nestfleet/nestfleet-console@sha256:${"b".repeat(64)}`),
    postgres: image("3"),
    caddy: image("4"),
  };
  const block = (lines: string[]) => {
    const start = lines.findIndex((line) => line.startsWith("  images "));
    return lines.slice(start, start + 5).filter((line) => start >= 0 && / (?:images|) {7}/.test(line));
  };

  test("are named with their digests, a line for each name", () => {
    expect(printed("1.4.2", { ...emptyHost("1.4.2"), images })).toEqual([
      "install 1.4.2",
      "  migrations   all that the image has",
      "  backup       none: there are no data yet",
      "  images       api, worker: ghcr.io/nestfleet/nestfleet-api:1.4.2 (aaaaaaaaaaaa)",
      "               console: ghcr.io/nestfleet/nestfleet-console:1.4.2 (bbbbbbbbbbbb)",
      "               postgres: pgvector/pgvector:pg16 (333333333333)",
      "               caddy: caddy:2-alpine (444444444444)",
      "  downtime     none: nothing runs yet",
    ]);
  });

  test("are marked where they are pinned; a worker's own has a line of its own", () => {
    const own = { worker: "ghcr.io/nestfleet/nestfleet-worker", digests: { console: `sha256:${"b".repeat(64)}` } };
    const settings = { images: { ...asked("1.5.0").images, ...own } };
    expect(block(printed("1.5.0", host("1.4.2", "1.5.0", { facts: { images } }), {}, settings))).toEqual([
      "  images       api: ghcr.io/nestfleet/nestfleet-api:1.5.0 (aaaaaaaaaaaa)",
      "               worker: ghcr.io/nestfleet/nestfleet-worker:1.5.0 (aaaaaaaaaaaa)",
      "               console: ghcr.io/nestfleet/nestfleet-console:1.5.0 (bbbbbbbbbbbb, pinned)",
      "               postgres: pgvector/pgvector:pg16 (333333333333)",
      "               caddy: caddy:2-alpine (444444444444)",
    ]);
  });

  test("that are built are named without one, before they are", () => {
    const { postgres, caddy } = images;
    const found = host("1.4.2", "1.5.0", { facts: { images: { postgres, caddy } } });
    expect(block(printed("1.5.0", found, {}, { source: "../nestfleet" })).slice(0, 2)).toEqual([
      "  images       api, worker: nestfleet-prod-api:1.5.0",
      "               console: nestfleet-prod-console:1.5.0",
    ]);
  });

  test("are not listed by a restart, which does not change them", () => {
    expect(block(printed("1.5.0", host("1.5.0", "1.5.0", { facts: { images } })))).toEqual([]);
  });
});

test("an install whose image has no migrations", () => {
  const facts = {
    ...host("1.4.2", "1.4.2", { database: { applied: [] }, target: { migrations: [] } }),
    serving: undefined,
  };
  const containers = facts.containers.filter(({ role }) => role === "postgres");
  expect(printed("1.4.2", { ...facts, containers })).toContain("  migrations   the image has none");
});

test("an upgrade, with a migration that loses data", () => {
  expect(printed("1.5.1", host("1.4.2", "1.5.1", { facts: { backups: [backup(from142)] } }))).toEqual([
    "upgrade 1.4.2 → 1.5.1",
    "  migrations   3 pending: 0005_case_events.sql, 0006_cases_assignee.sql, 0007_drop_cases_channel.sql",
    "               0007_drop_cases_channel.sql line 2 loses data: ALTER TABLE cases DROP COLUMN channel",
    "  backup       about 290 MB, 5 s (database 1.3 GB); rehearsal full",
    "  disk         needs 3.5 GB, 53 GB free",
    "  restarts     api, worker, console; postgres and caddy only if their settings changed",
    "  downtime     requests wait at most a second, unless 0007_drop_cases_channel.sql breaks 1.4.2 meanwhile",
    "  to undo      set version 1.4.2 and restore the backup that this update takes",
    "  warning      0007_drop_cases_channel.sql may break 1.4.2, which serves until the new version has started; nestfleet:strategy recreate avoids that",
  ]);
});

test("an upgrade, with a migration that cannot be read", () => {
  const reading = { ...HARMLESS, unreadable: { line: 3, reason: 'syntax error at or near "\\"\nin psql' } };
  const target = { migrations: [...migrationsOf("1.4.2"), { file: "0005_psql.sql", reading }] };
  expect(printed("1.5.0", host("1.4.2", "1.5.0", { target, facts: { backups: [backup(from142)] } }))).toEqual([
    "upgrade 1.4.2 → 1.5.0",
    "  migrations   1 pending: 0005_psql.sql",
    '               0005_psql.sql cannot be read as SQL at line 3: syntax error at or near "\\" in psql; what it does is unknown',
    "  backup       about 290 MB, 5 s (database 1.3 GB); rehearsal full",
    "  disk         needs 3.5 GB, 53 GB free",
    "  restarts     api, worker, console; postgres and caddy only if their settings changed",
    "  downtime     requests wait at most a second, unless 0005_psql.sql breaks 1.4.2 meanwhile",
    "  to undo      set version 1.4.2 and restore the backup that this update takes",
    "  warning      0005_psql.sql may break 1.4.2, which serves until the new version has started; nestfleet:strategy recreate avoids that",
  ]);
});

test("a first upgrade, a major one, on two file systems", () => {
  const facts = host("1.6.3", "2.0.0", { database: { disks: ownDisks({ backups: 9 * GB }) } });
  expect(printed("2.0.0", facts, {}, { acknowledgeMajor: "2", rehearsal: "restore" })).toEqual([
    "upgrade 1.6.3 → 2.0.0",
    "  migrations   1 pending: 0010_rename_title_to_subject.sql",
    "               0010_rename_title_to_subject.sql line 1 breaks the running version: ALTER TABLE cases RENAME COLUMN title TO subject",
    "               unknown to this version: 0009_backfill_search_text.sql",
    "  backup       at most 1.3 GB, time unknown: there is no earlier backup to estimate it from; rehearsal restore",
    "  disk         backups: needs 3.4 GB, 9 GB free",
    "               Docker's own volumes: needs 3.1 GB, 53 GB free",
    "  restarts     api, worker, console; postgres and caddy only if their settings changed",
    "  downtime     requests wait about 15 s plus the time of the backup (unknown) plus the time of the migrations; a request that waits longer than 30 s gets a maintenance page",
    "  to undo      set version 1.6.3 and restore the backup that this update takes",
    "  warning      the database has migrations that 2.0.0 does not have: 0009_backfill_search_text.sql",
  ]);
});

const live = {
  rows: { "public.cases": 1240, "public.nestfleet_migrations": 6, "pgboss.job": 17 },
  exact: true,
  lastWrite: "2026-11-24T11:58:31Z",
};

test("a rollback that restores", () => {
  const facts = host("1.5.0", "1.4.2", { facts: { backups: [backup(from142)], live } });
  expect(printed("1.4.2", facts, {}, { restore: from142 })).toEqual([
    "rollback 1.5.0 → 1.4.2",
    "  migrations   none pending",
    "               undone by the restore: 0005_case_events.sql, 0006_cases_assignee.sql",
    "  restore      20261124T080000Z-1.4.2, taken 2026-11-24T08:00:00Z, 4 h ago; last write 2026-11-24T11:58:31Z",
    "               loses these rows: 240 of public.cases, 17 of pgboss.job; and all other changes since the backup",
    "               restored beside the live database in about 13 s, rows checked, before anything stops",
    "  backup       about 290 MB, 5 s (database 1.3 GB)",
    "  disk         needs 3.5 GB, 53 GB free",
    "  restarts     api, worker, console; postgres and caddy only if their settings changed",
    "  downtime     requests wait while the databases are swapped and the api starts: for how long is not known before the first time on this host",
    "  to undo      run scripts/restore.sh --stack prod --undo (brings the previous database back), then set version 1.5.0",
  ]);
});

test("the data alone, with a database that is kept from before", () => {
  const replaced = [
    {
      name: "nestfleet_replaced_20261120t080000z",
      bytes: 1.3 * GB,
      version: "1.5.0",
      replacedAt: "2026-11-20T08:00:00Z",
    },
    { name: "nestfleet_replaced_by_hand", bytes: 9 * GB },
  ];
  const facts = host("1.4.2", "1.4.2", { facts: { backups: [backup(from142)], live }, database: { replaced } });
  expect(printed("1.4.2", facts, {}, { restore: from142, confirmRestore: "monday" })).toEqual([
    "restore the data of 1.4.2",
    "  migrations   none pending",
    "  restore      20261124T080000Z-1.4.2, taken 2026-11-24T08:00:00Z, 4 h ago; last write 2026-11-24T11:58:31Z",
    "               loses these rows: 240 of public.cases, 17 of pgboss.job; and all other changes since the backup",
    "               restored beside the live database in about 13 s, rows checked, before anything stops",
    "  backup       about 290 MB, 5 s (database 1.3 GB)",
    "  disk         needs 3.5 GB, 53 GB free",
    "  restarts     api, worker; console, postgres and caddy only if their settings changed",
    "  downtime     requests wait while the databases are swapped and the api starts: for how long is not known before the first time on this host",
    "  to undo      run scripts/restore.sh --stack prod --undo (brings the previous database back), then set version 1.4.2",
    "  previous     nestfleet_replaced_20261120t080000z of 1.5.0, 1.3 GB, dropped after 2026-11-27",
    "               nestfleet_replaced_by_hand, 9 GB, kept until it is dropped by hand",
  ]);
});

describe("what a restore loses", () => {
  const loss = (found: LiveData | undefined) => {
    const facts = host("1.5.0", "1.4.2", { facts: { backups: [backup(from142)], live: found } });
    return printed("1.4.2", facts, {}, { restore: from142 })
      .find((line) => /loses|lost/.test(line))
      ?.trim();
  };

  test("is listed for six tables at most, those that lose most first", () => {
    const rows = Object.fromEntries(Array.from({ length: 9 }, (_, index) => [`public.t${index}`, index + 1]));
    expect(loss({ rows, exact: false })).toBe(
      "loses about these rows: 9 of public.t8, 8 of public.t7, 7 of public.t6, 6 of public.t5, 5 of public.t4, 4 of public.t3 and 3 more tables; and all other changes since the backup",
    );
  });

  test("is stated if no table has grown, and if rows were not counted", () => {
    expect(loss({ rows: { "public.cases": 1000, "public.nestfleet_migrations": 6 }, exact: true })).toBe(
      "no table has more rows now than in the backup; changes made since the backup are lost",
    );
    expect(loss(undefined)).toBe("everything written since the backup is lost; rows were not counted");
  });
});

test("the second try of a killed upgrade names the backup of the first", () => {
  const facts = host("1.4.2", "1.5.0", {
    database: { applied: filesOf("1.5.0") },
    facts: { backups: [backup(from142)] },
  });
  const lines = printed("1.5.0", facts);
  expect(lines).toContain("  migrations   none pending");
  expect(lines).toContain("  to undo      set version 1.4.2 and restore the backup 20261124T080000Z-1.4.2");
});

test("a version step without a change of the schema goes back alone", () => {
  expect(printed("1.6.1", host("1.5.1", "1.6.1"))).toContain(
    "  to undo      set version 1.5.1; no data has to be restored, the schema does not change",
  );
});

test("a restart has three lines", () => {
  expect(printed("1.5.0", host("1.5.0", "1.5.0"))).toEqual([
    "no change of version (1.5.0)",
    "  restarts     none because of the version; only services whose settings changed",
    "  downtime     none where a setting of api, worker or console changes: requests wait at most a second; where one of postgres changes, they wait for some seconds, and where one of caddy changes, it refuses connections for a second or two",
  ]);
});

test("without the host", () => {
  expect(
    printed(
      "1.5.0",
      { unreachable: "the host cannot be reached (Cannot connect\nto the Docker daemon)" },
      { version: "1.4.2" },
    ),
  ).toEqual([
    "upgrade 1.4.2 → 1.5.0",
    "  the host cannot be reached (Cannot connect to the Docker daemon). The host was NOT checked; this plan uses only the configuration and the outputs of the last update",
    "  migrations   unknown without the host",
    "  backup       size unknown; rehearsal full",
    "  restarts     api, worker, console",
    "  downtime     unknown: the Docker host was not looked at",
    "  to undo      set version 1.4.2 and restore the backup that this update takes",
  ]);
});

test("a refusal lists every problem with its fix", () => {
  const facts = host("1.5.0", "1.4.2", { facts: { portsTaken: [{ port: 80, by: "nginx" }] } });
  const lines = printed("1.4.2", facts);
  expect(lines[0]).toBe("refused: rollback 1.5.0 → 1.4.2");
  expect(lines.slice(lines.indexOf("") + 1)).toEqual([
    "2 problems; nothing was touched.",
    "",
    "  rollback 1.5.0 → 1.4.2 needs the old data: the database has migrations that 1.4.2 does not have",
    "    why:  the database has 0005_case_events.sql, 0006_cases_assignee.sql, which 1.4.2 does not have",
    "    fix:  there is no backup of 1.4.2 to go back to",
    "          if the release notes of 1.4.2 allow these newer migrations: pulumi config set --stack prod nestfleet:allowSchemaAhead true",
    "          or stay: pulumi config set --stack prod nestfleet:version 1.5.0",
    "",
    "  port 80 of the Docker host is taken",
    "    why:  80 by nginx",
    "    fix:  stop what uses it",
    "          or use another port: pulumi config set --stack prod --path 'nestfleet:http.httpPort' PORT",
  ]);
});

test("every line is plain text", () => {
  const text = printed("1.5.0", host("1.4.2", "1.5.0")).join("\n");
  expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f]/);
  expect(text).not.toContain("undefined");
});
