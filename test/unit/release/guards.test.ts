import { describe, expect, test } from "vitest";
import { plan } from "../../../components/release/plan";
import type { DataVolume } from "../../../components/host/facts";
import type { Problem } from "../../../components/release/problem";
import type { PlanSettings } from "../../../components/release/situation";
import { asked, backup, container, emptyHost, filesOf, GB, host, imageOf } from "./facts";

type Change = Parameters<typeof host>[2];

function step(from: string, to: string, settings: Partial<PlanSettings> = {}, change: Change = {}) {
  return plan("prod", asked(to, settings), host(from, to, change), { version: from });
}

function problems(
  from: string,
  to: string,
  settings: Partial<PlanSettings> = {},
  change: Change = {},
): readonly Problem[] {
  return step(from, to, settings, change).problems;
}

/** The only problem there is. */
function problem(...args: Parameters<typeof problems>): Problem {
  const found = problems(...args);
  expect(found).toHaveLength(1);
  return found[0] ?? { title: "", why: "", mend: [] };
}

test("all problems are told at once, and the plan says what it would have been", () => {
  const refused = step(
    "1.6.3",
    "2.0.0",
    { requiredStops: ["1.9.0"] },
    {
      database: { freeDataBytes: 0 },
      target: { postgresMajor: 17 },
      facts: {
        portsTaken: [{ port: 80, by: "nginx" }],
        imagesMissing: [{ reference: "caddy:2-alpine", reason: "no" }],
      },
    },
  );
  expect(refused).toMatchObject({ kind: "refusal", step: "upgrade" });
  expect(refused.problems).toHaveLength(6);
});

describe("a downgrade while the schema is ahead", () => {
  const backups = [
    backup("20261124T080000Z-1.4.2"),
    backup("20261124T090000Z-1.4.2"),
    backup("20261124T100000Z-1.5.0"),
  ];

  test("names the migrations, the newest fitting backup and the commands", () => {
    expect(problem("1.5.0", "1.4.2", {}, { facts: { backups } })).toEqual({
      title: "1.5.0 → 1.4.2 goes back, and the schema is ahead of it",
      why: "the database has 0005_case_events.sql, 0006_cases_assignee.sql, which 1.4.2 does not know",
      mend: [
        "go back with the data of 2026-11-24T09:00:00Z: pulumi config set --stack prod nestfleet:restore 20261124T090000Z-1.4.2 && pulumi up --stack prod",
        "when the release notes of 1.4.2 allow it on the newer schema: pulumi config set --stack prod nestfleet:allowSchemaAhead true",
        "or stay: pulumi config set --stack prod nestfleet:version 1.5.0",
      ],
    });
  });

  test("a backup that a killed upgrade left on the newer schema does not fit", () => {
    const migrated = backup("20261124T110000Z-1.4.2", { migrations: filesOf("1.5.0") });
    const change = { facts: { backups: [...backups, migrated] } };
    expect(problem("1.5.0", "1.4.2", {}, change).mend[0]).toContain("nestfleet:restore 20261124T090000Z-1.4.2");
  });

  test("without a backup says so", () => {
    expect(problem("1.5.0", "1.4.2").mend[0]).toBe("there is no backup of 1.4.2 to go back to");
  });

  test("where nothing ever served, the override comes first", () => {
    const facts = host("1.5.0", "1.4.2", { facts: { serving: undefined } });
    const [told] = plan("prod", asked("1.4.2"), facts, {}).problems;
    expect(told?.mend[0]).toContain("allowSchemaAhead true");
    expect(told?.mend[1]).toBe("there is no backup of 1.4.2 to go back to");
  });

  test.each<[string, string, Partial<PlanSettings>]>([
    ["with the backup to restore", "1.5.0", { restore: "20261124T080000Z-1.4.2" }],
    ["overridden", "1.5.0", { allowSchemaAhead: true }],
    ["when it is not ahead", "1.4.2", {}],
  ])("is let through %s", (_, schema, settings) => {
    expect(
      problems("1.5.0", "1.4.2", settings, { facts: { backups }, database: { applied: filesOf(schema) } }),
    ).toEqual([]);
  });

  test("a restore that is left over from another version is told", () => {
    const restore = "20261124T100000Z-1.5.0";
    expect(problem("1.5.0", "1.4.2", { restore }, { facts: { backups } }).why).toContain(
      "the backup 20261124T100000Z-1.5.0 is of 1.5.0 and does not count",
    );
  });

  test("an upgrade over a schema that is ahead is told, and goes on", () => {
    const planned = step("1.4.2", "1.5.0", {}, { database: { applied: filesOf("1.5.1") } });
    expect(planned.problems).toEqual([]);
    expect(planned.warnings).toEqual([
      "1.5.0 runs on a schema that is ahead of it: it does not know 0007_drop_cases_channel.sql",
    ]);
  });

  test("the migrations of an image that is not built yet are those of its backup", () => {
    const change = { facts: { backups, target: undefined, targetMissing: "not built" } };
    const source = "https://example.com/nestfleet.git";
    expect(problem("1.5.0", "1.4.2", { source }, change).why).toContain("0006_cases_assignee.sql");
    expect(problem("1.5.0", "1.4.2", { source }, { facts: { ...change.facts, backups: [] } }).why).toContain(
      "not known",
    );
  });
});

describe("a backup that the config names and that cannot be restored", () => {
  const named = "20261124T080000Z-1.4.2";
  const newer = "20261124T090000Z-1.4.2";
  const back = (change: Change, settings: Partial<PlanSettings> = {}) =>
    problem("1.5.0", "1.4.2", { restore: named, ...settings }, change);

  test("because it does not exist: the newest that fit are offered", () => {
    const backups = ["05", "06", "07", "09"].map((hour) => backup(`20261124T${hour}0000Z-1.4.2`));
    expect(back({ facts: { backups: [...backups, backup("20261124T100000Z-1.5.0")] } })).toEqual({
      title: "the backup 20261124T080000Z-1.4.2 cannot be restored",
      why: "there is no backup of that name",
      mend: [
        "restore that of 2026-11-24T09:00:00Z: pulumi config set --stack prod nestfleet:restore 20261124T090000Z-1.4.2",
        "restore that of 2026-11-24T07:00:00Z: pulumi config set --stack prod nestfleet:restore 20261124T070000Z-1.4.2",
        "restore that of 2026-11-24T06:00:00Z: pulumi config set --stack prod nestfleet:restore 20261124T060000Z-1.4.2",
        "or stay: pulumi config set --stack prod nestfleet:version 1.5.0",
      ],
    });
  });

  test("and there is no other", () => {
    expect(back({}).mend[0]).toBe("there is no other backup of 1.4.2 that fits");
  });

  test("because its dump is not what was written", () => {
    const restoreFault = "its dump has 3 bytes instead of 290000000";
    const told = back({ facts: { backups: [backup(named), backup(newer)], restoreFault } });
    expect(told.why).toBe(restoreFault);
    expect(told.mend[0]).toContain(newer);
  });

  test("because a killed upgrade left it on the newer schema", () => {
    const backups = [backup(named, { migrations: filesOf("1.5.0") }), backup(newer)];
    const told = back({ facts: { backups } });
    expect(told.why).toBe(
      "it was taken on a newer schema: it has 0005_case_events.sql, 0006_cases_assignee.sql, which 1.4.2 does not know",
    );
    expect(told.mend[0]).toContain(newer);
  });

  test.each<[string, Record<string, string>, string]>([
    ["is missing", { plpgsql: "1.0" }, "it needs the extension vector 0.8.0, which the postgres image does not have"],
    ["is older", { vector: "0.7.4" }, "it needs the extension vector 0.8.0, and the postgres image has 0.7.4"],
  ])("because an extension %s in the image of the server", (_, extensions, why) => {
    const told = back({ facts: { backups: [backup(named)] }, database: { extensions } });
    expect(told.why).toBe(why);
    expect(told.mend[0]).toBe(
      "first, with 1.5.0, an image that has it: pulumi config set --stack prod --path 'nestfleet:images.postgres' IMAGE && pulumi up --stack prod",
    );
  });

  test("because it is of a newer PostgreSQL", () => {
    const told = back({ facts: { backups: [backup(named, { server: "17.4" })] } });
    expect(told.why).toBe("it is of PostgreSQL 17, and PostgreSQL 16 runs here");
    expect(told.mend[0]).toBe("restore it into a new stack, whose nestfleet:images.postgres is of PostgreSQL 17");
    expect(
      problems("1.5.0", "1.4.2", { restore: named }, { facts: { backups: [backup(named, { server: "15.2" })] } }),
    ).toEqual([]);
  });

  test("is not passed over because the schema may stay ahead", () => {
    expect(back({}, { allowSchemaAhead: true }).title).toContain("cannot be restored");
  });

  test("is told for the data alone, with the way to leave them", () => {
    const settings = { restore: named, confirmRestore: "monday" };
    expect(problem("1.4.2", "1.4.2", settings, { facts: { backups: [backup(newer)] } })).toEqual({
      title: "the backup 20261124T080000Z-1.4.2 cannot be restored",
      why: "there is no backup of that name",
      mend: [
        "restore that of 2026-11-24T09:00:00Z: pulumi config set --stack prod nestfleet:restore 20261124T090000Z-1.4.2",
        "or leave the data as they are: pulumi config rm --stack prod nestfleet:confirmRestore",
      ],
    });
  });

  test("does not matter to what restores nothing", () => {
    const change = { facts: { restoreFault: "its dump is damaged" } };
    expect(problems("1.4.2", "1.4.2", { restore: named }, change)).toEqual([]);
    expect(problems("1.4.2", "1.5.0", { restore: "20261124T080000Z-1.5.0", confirmRestore: "x" }, change)).toEqual([]);
  });
});

test("a password that only the config knows is refused, with both ways out", () => {
  expect(problem("1.5.0", "1.5.0", {}, { facts: { passwordRejected: true } })).toEqual({
    title: "the database does not take the password of the config",
    why: "nestfleet:secrets.postgresPassword is not the password of the role nestfleet; api and worker could not connect",
    mend: [
      "put the old one back: pulumi config set --stack prod --secret --path 'nestfleet:secrets.postgresPassword'",
      "when it was generated before: pulumi config rm --stack prod --path 'nestfleet:secrets.postgresPassword'",
      "or set the new one in the database first: docker exec -it nestfleet-prod-postgres psql -U nestfleet -d nestfleet -c '\\password nestfleet'",
      "then pulumi up --stack prod",
    ],
  });
  expect(problems("1.5.0", "1.5.0", {}, { facts: { passwordRejected: false } })).toEqual([]);
});

describe("a major step", () => {
  const command = "when the guide is read: pulumi config set --stack prod nestfleet:acknowledgeMajor 2";

  test.each(["", "1", "3", "20", "2.0.0"])("is refused with acknowledgeMajor %j", (acknowledgeMajor) => {
    expect(problem("1.6.3", "2.0.0", { acknowledgeMajor })).toMatchObject({
      title: "1.6.3 → 2.0.0 is a step to major release 2",
      mend: [command, "or stay: pulumi config set --stack prod nestfleet:version 1.6.3"],
    });
  });

  test("is let through when acknowledged", () => {
    expect(problems("1.6.3", "2.0.0", { acknowledgeMajor: "2" })).toEqual([]);
  });

  test("the way back, an install and a minor step need none", () => {
    expect(problems("2.0.0", "1.6.3", { allowSchemaAhead: true })).toEqual([]);
    expect(problems("1.5.0", "1.5.1")).toEqual([]);
    expect(plan("prod", asked("2.0.0"), emptyHost("2.0.0"), {}).problems).toEqual([]);
  });
});

describe("required stops", () => {
  test("of config and image, strictly between, in order of versions, once each", () => {
    const settings = { requiredStops: ["1.10.0", "1.9.0", "1.4.2", "2.0.0"], acknowledgeMajor: "2" };
    expect(
      problem("1.4.2", "2.0.0", settings, { target: { requiredStops: ["v1.9.0", "1.5.1", "3.0.0"] } }),
    ).toMatchObject({
      title: "1.4.2 → 2.0.0 skips 1.5.1, 1.9.0, 1.10.0",
      mend: [
        "pulumi config set --stack prod nestfleet:version 1.5.1 && pulumi up --stack prod",
        "then on, until 2.0.0",
      ],
    });
  });

  test.each([
    ["1.5.0", "1.5.1", ["1.5.0", "1.5.1"]],
    ["1.5.1", "1.5.0", ["1.5.0-rc.1"]],
    ["1.5.1", "1.4.2", ["1.5.0"]],
  ])("%s → %s passes none of %j", (from, to, requiredStops) => {
    expect(problems(from, to, { requiredStops, allowSchemaAhead: true })).toEqual([]);
  });

  test("a label that cannot be read is told", () => {
    expect(step("1.4.2", "1.5.0", {}, { target: { requiredStops: ["soon"] } }).warnings).toEqual([
      "the image's required stops cannot be read as versions and do not count: soon",
    ]);
  });
});

describe("images", () => {
  const reference = "ghcr.io/nestfleet/nestfleet-api:1.5.0";
  const missing = { facts: { target: undefined, targetMissing: "manifest unknown\n", imagesMissing: [] } };

  test("a missing target is named with the reason", () => {
    expect(problem("1.4.2", "1.5.0", {}, missing)).toEqual({
      title: "1 image is neither on the Docker host nor to be had",
      why: `${reference}: manifest unknown`,
      mend: [
        `when the registry is back: docker pull ${reference}`,
        "or stay: pulumi config set --stack prod nestfleet:version 1.4.2",
      ],
    });
  });

  test("several are named in one problem, none twice", () => {
    const imagesMissing = [
      { reference, reason: "denied" },
      { reference: "ghcr.io/nestfleet/nestfleet-console:1.5.0", reason: "pruned" },
    ];
    const told = problem("1.4.2", "1.5.0", {}, { facts: { ...missing.facts, imagesMissing } });
    expect(told.title).toContain("2 images");
    expect(told.why).toBe(`${reference}: manifest unknown; ghcr.io/nestfleet/nestfleet-console:1.5.0: pruned`);
  });

  test("also before a rollback, and at an install, where the tag may be mistyped", () => {
    expect(problems("1.5.0", "1.4.2", {}, missing).map(({ title }) => title)).toContain(
      "1 image is neither on the Docker host nor to be had",
    );
    const install = plan("prod", asked("1.5.0"), { ...emptyHost("1.5.0"), ...missing.facts }, {});
    expect(install.problems[0]?.mend).toContain(
      "when the version is mistyped: pulumi config set --stack prod nestfleet:version VERSION",
    );
  });

  test("what is built from source is missing before it is built", () => {
    const facts = { ...missing.facts, imagesMissing: [{ reference: "nestfleet-prod-console:1.5.0", reason: "none" }] };
    expect(problems("1.4.2", "1.5.0", { source: "../nestfleet" }, { facts })).toEqual([]);
    const caddy = { facts: { imagesMissing: [{ reference: "caddy:2-alpine", reason: "none" }] } };
    expect(problems("1.4.2", "1.5.0", { source: "../nestfleet" }, caddy)).toHaveLength(1);
  });
});

describe("a moved tag", () => {
  const other = { target: { imageId: imageOf("moved") } };

  test("is told from what runs under it", () => {
    const told = problem("1.5.0", "1.5.0", {}, other);
    expect(told.title).toBe("the tag 1.5.0 was moved to another image");
    expect(told.why).toContain("what runs is 312e352e3020");
    expect(told.mend).toEqual([
      `back to the known image: docker tag ${imageOf("1.5.0")} ghcr.io/nestfleet/nestfleet-api:1.5.0`,
      "or accept the other one: pulumi config set --stack prod nestfleet:allowMovingTag true",
    ]);
  });

  test("is told from what a backup recorded", () => {
    const change = { ...other, facts: { backups: [backup("20261124T080000Z-1.5.1")] } };
    expect(problem("1.6.1", "1.5.1", {}, change).why).toContain("when the newest backup of it was taken");
  });

  test.each<[string, Partial<PlanSettings>, Change]>([
    ["allowed", { allowMovingTag: true }, other],
    ["built from source", { source: "../nestfleet" }, other],
    [
      "of the image that runs, whatever a backup recorded",
      {},
      { facts: { backups: [backup("20261124T080000Z-1.5.0", { images: { api: "sha256:1" } })] } },
    ],
  ])("is not told when it is %s", (_, settings, change) => {
    expect(problems("1.5.0", "1.5.0", settings, change)).toEqual([]);
  });

  test("a release that was refused and stopped is no record", () => {
    const stopped = container("api", "1.5.0", { running: false, imageId: "sha256:1" });
    const { containers } = host("1.4.2", "1.5.0");
    expect(problems("1.4.2", "1.5.0", {}, { facts: { containers: [...containers, stopped] } })).toEqual([]);
  });
});

describe("the database", () => {
  test("of another PostgreSQL major is refused, with the image to stay on and the way forward", () => {
    const images = { ...asked("1.5.0").images, postgres: "pgvector/pgvector:pg17" };
    expect(problem("1.5.0", "1.5.0", { images }, { target: { postgresMajor: 17 } })).toEqual({
      title: "pgvector/pgvector:pg17 is PostgreSQL 17, the data are of PostgreSQL 16",
      why: "PostgreSQL 17 does not start on them; the way from 16 to 17 is dump and restore, into a new volume",
      mend: [
        "stay on 16: pulumi config set --stack prod --path 'nestfleet:images.postgres' pgvector/pgvector:pg16",
        "or move: a backup of this stack (bash scripts/backup.sh), restored into a new stack that starts with pgvector/pgvector:pg17",
      ],
    });
  });

  test("of an image that does not tell its major is not judged", () => {
    expect(problems("1.5.0", "1.5.0", {}, { target: { postgresMajor: undefined } })).toEqual([]);
  });

  test("that is stopped refuses a new version, with the command that starts it", () => {
    expect(problem("1.4.2", "1.5.0", {}, { facts: { database: undefined } }).mend[0]).toBe(
      "docker start nestfleet-prod-postgres",
    );
    expect(problem("1.5.0", "1.4.2", {}, { facts: { database: undefined } }).title).toBe("the database does not run");
  });

  test("that is gone comes back with the old version", () => {
    const containers = host("1.4.2", "1.5.0").containers.filter(({ role }) => role !== "postgres");
    expect(problem("1.4.2", "1.5.0", {}, { facts: { database: undefined, containers } }).mend).toEqual([
      "pulumi config set --stack prod nestfleet:version 1.4.2",
      "pulumi up --refresh --stack prod",
      "then the new version",
    ]);
  });

  test("that is stopped or gone does not refuse the update that brings it back", () => {
    expect(problems("1.4.2", "1.4.2", {}, { facts: { database: undefined } })).toEqual([]);
  });
});

describe("the volume of the database", () => {
  const dataVolume = { wanted: "fleet_pgdata", exists: true, mounted: "fleet_pgdata", usedBy: [] };
  const postgres = { existingVolume: "fleet_pgdata" };
  const told = (change: Partial<DataVolume>, settings: Partial<PlanSettings> = { postgres }) =>
    problem("1.5.0", "1.5.0", settings, { facts: { dataVolume: { ...dataVolume, ...change } } });

  test("that is as it was is no problem, nor one of the stack's own that is not there yet", () => {
    expect(problems("1.5.0", "1.5.0", { postgres }, { facts: { dataVolume } })).toEqual([]);
    const own = { wanted: "nestfleet-prod-postgres", exists: false, usedBy: [] };
    expect(plan("prod", asked("1.5.0"), { ...emptyHost("1.5.0"), dataVolume: own }, {}).problems).toEqual([]);
  });

  test("that config names and Docker does not have is refused", () => {
    expect(told({ exists: false, mounted: undefined })).toEqual({
      title: "the volume fleet_pgdata does not exist",
      why: "nestfleet:postgres.existingVolume names it; the database would start empty, on a new volume of that name",
      mend: [
        "when it is mistyped (docker volume ls): pulumi config set --stack prod --path 'nestfleet:postgres.existingVolume' VOLUME",
        "or start without data, on a volume of the stack's own: pulumi config rm --stack prod --path 'nestfleet:postgres.existingVolume'",
      ],
    });
  });

  test("that another server uses is refused, with the command that stops it", () => {
    expect(told({ mounted: undefined, usedBy: ["fleet-db-1", "psql"] })).toMatchObject({
      why: "fleet-db-1, psql run and mount it; two database servers on the same data destroy them",
      mend: ["docker stop fleet-db-1 psql"],
    });
  });

  test("is not changed by a changed line", () => {
    expect(told({ mounted: "nestfleet-prod-postgres" })).toEqual({
      title: "the database would change from the volume nestfleet-prod-postgres to fleet_pgdata",
      why: "nestfleet-prod-postgres has its data on nestfleet-prod-postgres; what is on fleet_pgdata is other data, or none",
      mend: [
        "put it back: pulumi config rm --stack prod --path 'nestfleet:postgres.existingVolume'",
        "or, when the data on fleet_pgdata are meant, take the container away, which leaves both volumes: docker stop nestfleet-prod-postgres && docker rm nestfleet-prod-postgres",
      ],
    });
  });

  test("is not changed by a lost line", () => {
    expect(told({ wanted: "nestfleet-prod-postgres" }, {}).mend[0]).toBe(
      "put it back: pulumi config set --stack prod --path 'nestfleet:postgres.existingVolume' fleet_pgdata",
    );
  });
});

describe("the directory of the backups", () => {
  test.each([
    ["/srv/backups", "mkdir -p /srv/backups"],
    ["/srv/nest fleet's", "mkdir -p '/srv/nest fleet'\\''s'"],
  ])("%s that does not exist is refused", (path, command) => {
    expect(problem("1.5.0", "1.5.0", {}, { facts: { backupDirectory: { path, fault: "it does not exist" } } })).toEqual(
      {
        title: `backups cannot be written to ${path}`,
        why: "nestfleet:backups.directory is a directory of the Docker host; it does not exist",
        mend: [
          `on the Docker host: ${command}`,
          "or name another one: pulumi config set --stack prod --path 'nestfleet:backups.directory' DIRECTORY",
        ],
      },
    );
  });
});

describe("the disk", () => {
  test("that is too small is refused with needed and free, before anything is touched", () => {
    const told = problem("1.4.2", "1.5.0", {}, { database: { freeDataBytes: 2 * GB } });
    expect(told.why).toBe("where data and backups lie, 4.3 GB are needed and 2 GB are free: 2.3 GB too few");
    expect(told.mend).toContain(
      "without a rehearsal less is needed: pulumi config set --stack prod nestfleet:rehearsal off",
    );
  });

  test("may hold databases that restores have replaced", () => {
    const replaced = [{ name: "nestfleet_replaced_20261120t080000z", bytes: 1.3 * GB }];
    const full = { freeDataBytes: 2 * GB, replaced };
    const drop =
      "nestfleet_replaced_20261120t080000z, replaced by a restore, has 1.3 GB; when no undo is wanted: docker exec nestfleet-prod-postgres dropdb -U nestfleet nestfleet_replaced_20261120t080000z";
    expect(problem("1.4.2", "1.5.0", {}, { database: full }).mend).toContain(drop);
    const elsewhere = { replaced, sameFileSystem: false, freeBackupBytes: 1 };
    expect(problem("1.4.2", "1.5.0", {}, { database: elsewhere }).mend).not.toContain(drop);
  });

  test("is not saved by a rehearsal that there is none of", () => {
    const backups = [backup("20261124T080000Z-1.4.2")];
    const told = problem(
      "1.5.0",
      "1.4.2",
      { restore: "20261124T080000Z-1.4.2" },
      { facts: { backups }, database: { freeDataBytes: 0 } },
    );
    expect(told.mend.join()).not.toContain("rehearsal");
  });

  test("each file system for itself", () => {
    const database = { sameFileSystem: false, freeDataBytes: 1, freeBackupBytes: 1 };
    expect(problem("1.4.2", "1.5.0", {}, { database }).why).toMatch(/^where the data lie, .*; where the backups lie, /);
    const backupsOnly = { ...database, freeDataBytes: 53 * GB };
    expect(problem("1.4.2", "1.5.0", {}, { database: backupsOnly }).mend.join()).not.toContain("rehearsal");
  });

  test("to the byte", () => {
    const needed = step("1.4.2", "1.5.0").disk[0]?.neededBytes ?? 0;
    expect(problems("1.4.2", "1.5.0", {}, { database: { freeDataBytes: needed } })).toEqual([]);
    expect(problems("1.4.2", "1.5.0", {}, { database: { freeDataBytes: needed - 1 } })).toHaveLength(1);
  });

  test("full or not, a restart writes no backup", () => {
    expect(problems("1.5.0", "1.5.0", {}, { database: { freeDataBytes: 0 } })).toEqual([]);
  });
});

test("ports that something else has taken are named, with the setting of each", () => {
  const portsTaken = [
    { port: 80, by: "nginx" },
    { port: 443, by: "the container traefik" },
  ];
  const { problems: found } = plan("prod", asked("1.5.0"), { ...emptyHost("1.5.0"), portsTaken }, {});
  expect(found).toEqual([
    {
      title: "ports 80 and 443 of the Docker host are taken",
      why: "80 by nginx, 443 by the container traefik",
      mend: [
        "stop what has taken it",
        "or take another one: pulumi config set --stack prod --path 'nestfleet:http.httpPort' 8080",
        "or take another one: pulumi config set --stack prod --path 'nestfleet:http.httpsPort' 8443",
      ],
    },
  ]);
});

describe("a clock behind the newest backup", () => {
  const backups = [backup("20261124T130000Z-1.4.2"), backup("20261124T110000Z-1.4.2")];
  const at = (time: string) =>
    step("1.4.2", "1.5.0", {}, { facts: { backups, clock: Date.parse(`2026-11-24T${time}Z`) / 1000 } });

  test("is a warning: the newest is that of the highest id, wherever it stands", () => {
    expect(at("12:00:00")).toMatchObject({
      problems: [],
      warnings: [
        "the clock of the Docker host is 60 min behind the newest backup (20261124T130000Z-1.4.2): set it, timedatectl shows it",
      ],
    });
  });

  test("by five minutes is tolerated", () => {
    expect(at("12:55:00").warnings).toEqual([]);
    expect(at("12:54:59").warnings).toHaveLength(1);
  });
});
