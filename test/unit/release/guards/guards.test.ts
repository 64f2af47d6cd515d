import { describe, expect, test } from "vitest";
import { futureTold } from "../../../../components/release/records/backups";
import { plan } from "../../../../components/release/plan";
import type { DataVolume, HostFacts, RunningContainer } from "../../../../components/release/facts";
import type { GuardProblem } from "../../../../components/release/guards/problem";
import { type PlanSettings } from "../../../../components/release/plan-context";
import { hasLostHistory } from "../../../../components/release/restore-request";
import { asked, backup, change, container, emptyHost, filesOf, GB, host, imageOf, oneDisk, ownDisks } from "../facts";

type Change = Parameters<typeof host>[2];

function step(from: string, to: string, settings: Partial<PlanSettings> = {}, change: Change = {}) {
  return plan({ stack: "prod", settings: asked(to, settings), host: host(from, to, change), last: { version: from } });
}

function problems(
  from: string,
  to: string,
  settings: Partial<PlanSettings> = {},
  change: Change = {},
): readonly GuardProblem[] {
  return step(from, to, settings, change).problems;
}

/** Gives the problem of a plan that must have exactly one. */
function problem(...args: Parameters<typeof problems>): GuardProblem {
  const found = problems(...args);
  expect(found).toHaveLength(1);
  return found[0] ?? { title: "", why: "", fix: [] };
}

test("all problems are reported at once, and the plan says what the update would have been", () => {
  const refused = step(
    "1.6.3",
    "2.0.0",
    { requiredStops: ["1.9.0"] },
    {
      database: { disks: oneDisk(0) },
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

function withPostgres(more: Partial<RunningContainer>): RunningContainer[] {
  const others = host("1.4.2", "1.5.0").containers.filter(({ role }) => role !== "postgres");
  return [container("postgres", "pgvector/pgvector:pg16", more), ...others];
}

describe("a downgrade while the schema is ahead", () => {
  const backups = [
    backup("20261124T080000Z-1.4.2"),
    backup("20261124T090000Z-1.4.2"),
    backup("20261124T100000Z-1.5.0"),
  ];

  test("names the migrations, the newest fitting backup and the commands", () => {
    expect(problem("1.5.0", "1.4.2", {}, { facts: { backups } })).toEqual({
      title: "rollback 1.5.0 → 1.4.2 needs the old data: the database has migrations that 1.4.2 does not have",
      why: "the database has 0005_case_events.sql, 0006_cases_assignee.sql, which 1.4.2 does not have",
      fix: [
        "go back with the data of 2026-11-24T09:00:00Z: pulumi config set --stack prod nestfleet:restore 20261124T090000Z-1.4.2 && pulumi up --stack prod",
        "if the release notes of 1.4.2 allow these newer migrations: pulumi config set --stack prod nestfleet:allowSchemaAhead true",
        "or stay: pulumi config set --stack prod nestfleet:version 1.5.0",
      ],
    });
  });

  test("a backup that a killed upgrade left on the newer schema does not fit", () => {
    const migrated = backup("20261124T110000Z-1.4.2", { migrations: filesOf("1.5.0") });
    const change = { facts: { backups: [...backups, migrated] } };
    expect(problem("1.5.0", "1.4.2", {}, change).fix[0]).toContain("nestfleet:restore 20261124T090000Z-1.4.2");
  });

  test("without a backup says so", () => {
    expect(problem("1.5.0", "1.4.2").fix[0]).toBe("there is no backup of 1.4.2 to go back to");
  });

  test("where nothing ever served, the override comes first", () => {
    const facts = host("1.5.0", "1.4.2", { facts: { serving: undefined } });
    const [told] = plan({ stack: "prod", settings: asked("1.4.2"), host: facts, last: {} }).problems;
    expect(told?.fix[0]).toContain("allowSchemaAhead true");
    expect(told?.fix[1]).toBe("there is no backup of 1.4.2 to go back to");
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

  test("a restore that is left over from another version is reported", () => {
    const restore = "20261124T100000Z-1.5.0";
    expect(problem("1.5.0", "1.4.2", { restore }, { facts: { backups } }).why).toContain(
      "nestfleet:restore names a backup of 1.5.0 (20261124T100000Z-1.5.0); it is ignored, because the target version is 1.4.2",
    );
  });

  test("an upgrade on a database with newer migrations is reported, and goes on", () => {
    const history = [change({ from: "1.5.1", to: "1.4.2", migrations: filesOf("1.5.1") })];
    const planned = step("1.4.2", "1.5.0", {}, { database: { applied: filesOf("1.5.1") }, facts: { history } });
    expect(planned.problems).toEqual([]);
    expect(planned.warnings).toEqual([
      "the database has migrations that 1.5.0 does not have: 0007_drop_cases_channel.sql",
    ]);
  });

  test("the migrations of an image that is not built yet are those of its backup", () => {
    const change = { facts: { backups, target: undefined, targetMissing: "not built" } };
    const source = "https://example.com/nestfleet.git";
    expect(problem("1.5.0", "1.4.2", { source }, change).why).toContain("0006_cases_assignee.sql");
    expect(problem("1.5.0", "1.4.2", { source }, { facts: { ...change.facts, backups: [] } }).why).toContain(
      "1.4.2 is built from source; its migrations are known only after the build",
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
      fix: [
        "restore the backup of 2026-11-24T09:00:00Z: pulumi config set --stack prod nestfleet:restore 20261124T090000Z-1.4.2",
        "restore the backup of 2026-11-24T07:00:00Z: pulumi config set --stack prod nestfleet:restore 20261124T070000Z-1.4.2",
        "restore the backup of 2026-11-24T06:00:00Z: pulumi config set --stack prod nestfleet:restore 20261124T060000Z-1.4.2",
        "or stay: pulumi config set --stack prod nestfleet:version 1.5.0",
      ],
    });
  });

  test("and there is no other", () => {
    expect(back({}).fix[0]).toBe("there is no other backup of 1.4.2 that fits");
  });

  test("because its dump is missing or has another size", () => {
    const broken = [`${newer}.json: its dump is missing`, `${named}.json: its dump has 3 bytes instead of 290000000`];
    expect(back({ facts: { broken } }).why).toBe(
      `it cannot be relied on: ${named}.json: its dump has 3 bytes instead of 290000000`,
    );
    expect(back({ facts: { broken, unsigned: [named] } }).why).toMatch(/^it is not signed by this stack/);
  });

  test("because its dump is not what was written", () => {
    const restoreFault = "its dump has 3 bytes instead of 290000000";
    const told = back({ facts: { backups: [backup(named), backup(newer)], restoreFault } });
    expect(told.why).toBe(restoreFault);
    expect(told.fix[0]).toContain(newer);
  });

  test("because a killed upgrade left it on the newer schema", () => {
    const backups = [backup(named, { migrations: filesOf("1.5.0") }), backup(newer)];
    const told = back({ facts: { backups } });
    expect(told.why).toBe(
      "it was taken with newer migrations: it has 0005_case_events.sql, 0006_cases_assignee.sql, which 1.4.2 does not have",
    );
    expect(told.fix[0]).toContain(newer);
  });

  test.each<[string, Record<string, string>, string]>([
    ["is missing", { plpgsql: "1.0" }, "it needs the extension vector 0.8.0, which the postgres image does not have"],
    ["is older", { vector: "0.7.4" }, "it needs the extension vector 0.8.0, and the postgres image has 0.7.4"],
  ])("because an extension %s in the image of the server", (_, extensions, why) => {
    const told = back({ facts: { backups: [backup(named)] }, database: { extensions } });
    expect(told.why).toBe(why);
    expect(told.fix[0]).toBe(
      "first, with 1.5.0, set an image that has it: pulumi config set --stack prod --path 'nestfleet:images.postgres' IMAGE && pulumi up --stack prod",
    );
  });

  test("because it is of a newer PostgreSQL", () => {
    const told = back({ facts: { backups: [backup(named, { server: "17.4" })] } });
    expect(told.why).toBe("it is from PostgreSQL 17, and PostgreSQL 16 runs here");
    expect(told.fix[0]).toBe("restore it into a new stack whose nestfleet:images.postgres is PostgreSQL 17");
    expect(
      problems("1.5.0", "1.4.2", { restore: named }, { facts: { backups: [backup(named, { server: "15.2" })] } }),
    ).toEqual([]);
  });

  test("is not passed over because the schema may stay ahead", () => {
    expect(back({}, { allowSchemaAhead: true }).title).toContain("cannot be restored");
  });

  test("is reported for the data alone, with the way to keep them", () => {
    const settings = { restore: named, confirmRestore: "monday" };
    expect(problem("1.4.2", "1.4.2", settings, { facts: { backups: [backup(newer)] } })).toEqual({
      title: "the backup 20261124T080000Z-1.4.2 cannot be restored",
      why: "there is no backup of that name",
      fix: [
        "restore the backup of 2026-11-24T09:00:00Z: pulumi config set --stack prod nestfleet:restore 20261124T090000Z-1.4.2",
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
  const secrets = { postgresPassword: "p".repeat(20) };
  expect(problem("1.5.0", "1.5.0", { secrets }, { facts: { passwordRejected: true } })).toEqual({
    title: "the database rejects the password in nestfleet:secrets.postgresPassword",
    why: "it is not the password of the PostgreSQL role nestfleet_app, so new api and worker containers could not connect",
    fix: [
      "set the old password again: pulumi config set --stack prod --secret --path 'nestfleet:secrets.postgresPassword'",
      "or, if the old password was a generated one: pulumi config rm --stack prod --path 'nestfleet:secrets.postgresPassword'",
      "or first set the new password in the database: docker exec -it nestfleet-prod-postgres psql -U nestfleet -d nestfleet -c '\\password nestfleet_app'",
      "then pulumi up --stack prod",
    ],
  });
  expect(problems("1.5.0", "1.5.0", {}, { facts: { passwordRejected: false } })).toEqual([]);
  const { warnings } = plan({
    stack: "prod",
    settings: asked("1.5.0"),
    host: host("1.5.0", "1.5.0", { facts: { passwordNotAsked: true } }),
    last: {},
  });
  expect(warnings).toEqual([
    'the database asks for no password: everything that reaches it can act as its superuser. In its pg_hba.conf, change the method of the lines "host" from trust to scram-sha-256: ' +
      "docker exec nestfleet-prod-postgres psql -U nestfleet -d nestfleet -tAc 'SHOW hba_file' names the file, and " +
      "docker exec nestfleet-prod-postgres psql -U nestfleet -d nestfleet -c 'SELECT pg_reload_conf()' reads it again",
  ]);
});

test.each([
  [
    ["nestfleet-prod-postgres-password"],
    "the password that was generated for this stack would be used, and it is not the password of",
  ],
  [
    [],
    "no password was ever generated for this stack: the update would generate one, which the database does not know",
  ],
])("a password that was taken out of the config is refused where %j does not open the database", (inState, why) => {
  const facts = host("1.5.0", "1.5.0", { facts: { passwordRejected: true } });
  const [told] = plan({
    stack: "prod",
    settings: asked("1.5.0"),
    host: facts,
    last: { version: "1.5.0", inState },
  }).problems;
  expect(told?.why).toContain(why);
  expect(told?.fix[0]).toBe(
    "set the password that the database has: pulumi config set --stack prod --secret --path 'nestfleet:secrets.postgresPassword'",
  );
});

describe("another value of a secret", () => {
  const warned = (secrets: PlanSettings["secrets"], inState: string[]) =>
    plan({
      stack: "prod",
      settings: asked("1.5.0", { secrets }),
      host: host("1.5.0", "1.5.0", { facts: { secretsChanged: ["jwtSecret"] } }),
      last: {
        version: "1.5.0",
        inState,
      },
    });

  test.each([
    [{ jwtSecret: "j".repeat(32) }, [], "differs from the value that the running release has: every session ends"],
    [{}, ["nestfleet-prod-jwt-secret"], "is not set any more, and the value that was generated for this stack is used"],
    [{}, [], "is not set any more, and a new value is generated: every session ends"],
  ])("is a warning that says what it does and where it comes from", (secrets, inState, words) => {
    const planned = warned(secrets, inState);
    expect(planned.problems).toEqual([]);
    expect(planned.warnings).toHaveLength(1);
    expect(planned.warnings[0]).toContain(`nestfleet:secrets.jwtSecret ${words}`);
    expect(planned.warnings[0]).not.toContain("jjj");
  });
});

describe("backups that move", () => {
  const facts = { backupPlace: { volume: "nestfleet-prod-backups" }, backups: [backup("20261124T080000Z-1.5.0")] };
  const backups = { keepReplacedDays: 7, directory: "/srv/old backups" };

  test("the plan names the old place, what lies there, and the command that takes it along", () => {
    const planned = step("1.5.0", "1.5.0", { backups }, { facts });
    expect(planned.problems).toEqual([]);
    expect(planned.warnings).toEqual([
      "backups move from the volume nestfleet-prod-backups to the directory /srv/old backups; 1 backup stays there, the newest 20261124T080000Z-1.5.0, and a rollback to one of them needs it in the new place",
      "to copy them: docker run --rm --entrypoint cp -v nestfleet-prod-backups:/from:ro -v '/srv/old backups':/to pgvector/pgvector:pg16 -an /from/. /to/",
    ]);
    expect(step("1.5.0", "1.5.0", {}, { facts }).warnings).toEqual([]);
  });

  test("are refused while the config names one to restore: it would not be found", () => {
    const settings = { backups, restore: "20261124T080000Z-1.4.2", confirmRestore: "x" };
    expect(problem("1.5.0", "1.5.0", settings, { facts })).toMatchObject({
      title: "backups cannot move to the directory /srv/old backups while the config names one to restore",
      fix: [
        "move first, and restore later: pulumi config rm --stack prod nestfleet:restore && pulumi config rm --stack prod nestfleet:confirmRestore",
        "or restore first: leave nestfleet:backups as it was",
      ],
    });
  });
});

describe("a major step", () => {
  const command = "when you have read the guide: pulumi config set --stack prod nestfleet:acknowledgeMajor 2";

  test.each(["", "1", "3", "20", "2.0.0"])("is refused with acknowledgeMajor %j", (acknowledgeMajor) => {
    expect(problem("1.6.3", "2.0.0", { acknowledgeMajor })).toMatchObject({
      title: "1.6.3 → 2.0.0 is a step to major release 2",
      fix: [command, "or stay: pulumi config set --stack prod nestfleet:version 1.6.3"],
    });
  });

  test("is let through when acknowledged", () => {
    expect(problems("1.6.3", "2.0.0", { acknowledgeMajor: "2" })).toEqual([]);
  });

  test("the way back, an install and a minor step need none", () => {
    expect(problems("2.0.0", "1.6.3", { allowSchemaAhead: true })).toEqual([]);
    expect(problems("1.5.0", "1.5.1")).toEqual([]);
    expect(plan({ stack: "prod", settings: asked("2.0.0"), host: emptyHost("2.0.0"), last: {} }).problems).toEqual([]);
  });
});

describe("required stops", () => {
  test("of one stop, the target follows it at once", () => {
    const settings = { requiredStops: ["1.9.0"], acknowledgeMajor: "2" };
    expect(problem("1.4.2", "2.0.0", settings).fix.at(-1)).toBe("then 2.0.0");
  });

  test("of config and image, strictly between, in order of versions, once each", () => {
    const settings = { requiredStops: ["1.10.0", "1.9.0", "1.4.2", "2.0.0"], acknowledgeMajor: "2" };
    expect(
      problem("1.4.2", "2.0.0", settings, { target: { requiredStops: ["v1.9.0", "1.5.1", "3.0.0"] } }),
    ).toMatchObject({
      title: "1.4.2 → 2.0.0 skips 1.5.1, 1.9.0, 1.10.0",
      fix: [
        "pulumi config set --stack prod nestfleet:version 1.5.1 && pulumi up --stack prod",
        "then the next one, and finally 2.0.0",
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

  test("a label that cannot be read is reported", () => {
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
      title: "1 image is not on the Docker host and could not be pulled",
      why: `${reference}: manifest unknown`,
      fix: [
        `the registry has no ${reference}: check nestfleet:version, and pulumi config set --stack prod --path 'nestfleet:images.api' REPOSITORY`,
        "or stay: pulumi config set --stack prod nestfleet:version 1.4.2",
      ],
    });
  });

  test.each([
    ['Error response from daemon: failed to resolve reference "x": x: not found', /^the registry has no /],
    [
      "pull access denied for x, repository does not exist or may require 'docker login'",
      /^if the registry wants other credentials: docker login ghcr\.io$/,
    ],
    ["unauthorized: authentication required", /docker login ghcr\.io/],
    ["toomanyrequests: You have reached your pull rate limit", /limits the number of pulls/],
    ["dial tcp: lookup ghcr.io: no such host", /^once the registry answers again: docker pull /],
    [
      'Get "https://ghcr.io/v2/": net/http: request canceled (Client.Timeout exceeded)',
      /^once the registry answers again: /,
    ],
    ["write /var/lib/docker/tmp/x: no space left on device", /^make room on the Docker host/],
    ["something new", /^this shows more: docker pull /],
  ])("%s: the fix is printed", (reason, fix) => {
    const facts = { ...missing.facts, targetMissing: reason };
    expect(problem("1.4.2", "1.5.0", {}, { facts }).fix[0]).toMatch(fix);
  });

  test("for a tag of postgres that the registry does not have, the fix is in images.postgres", () => {
    const imagesMissing = [{ reference: "pgvector/pgvector:pg16", reason: "manifest unknown" }];
    expect(problem("1.4.2", "1.5.0", {}, { facts: { imagesMissing } }).fix[0]).toBe(
      "the registry has no pgvector/pgvector:pg16: pulumi config set --stack prod --path 'nestfleet:images.postgres' IMAGE",
    );
  });

  test("one without node cannot be read, and is refused with Docker's words", () => {
    const facts = { target: undefined, targetUnreadable: 'exec: "node": executable file not found in $PATH: unknown.' };
    const told = problem("1.4.2", "1.5.0", {}, { facts });
    expect(told.title).toBe(`the migrations of ${reference} cannot be read`);
    expect(told.why).toContain('exec: "node": executable file not found');
    expect(told.fix[0]).toContain("images.api");
    const full = { ...facts, targetUnreadable: "no space left on device" };
    expect(problem("1.4.2", "1.5.0", {}, { facts: full }).fix[0]).toMatch(/^make room/);
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
      "1 image is not on the Docker host and could not be pulled",
    );
    const install = plan({
      stack: "prod",
      settings: asked("1.5.0"),
      host: { ...emptyHost("1.5.0"), ...missing.facts },
      last: {},
    });
    expect(install.problems[0]?.fix).toContain(
      "or another version: pulumi config set --stack prod nestfleet:version VERSION",
    );
  });

  test("what is built from source is missing before it is built", () => {
    const facts = { ...missing.facts, imagesMissing: [{ reference: "nestfleet-prod-console:1.5.0", reason: "none" }] };
    expect(problems("1.4.2", "1.5.0", { source: "../nestfleet" }, { facts })).toEqual([]);
    const caddy = { facts: { imagesMissing: [{ reference: "caddy:2-alpine", reason: "none" }] } };
    expect(problems("1.4.2", "1.5.0", { source: "../nestfleet" }, caddy)).toHaveLength(1);
  });
});

describe("a source that cannot be used", () => {
  const sourceFault = { title: "the source has no tag v1.5.0", why: "Git says no", fix: "push the tag" };
  const change = { facts: { target: undefined, sourceFault } };
  const source = "../nestfleet";

  test("refuses a release that would be built", () => {
    expect(problem("1.4.2", "1.5.0", { source }, change)).toEqual({
      ...sourceFault,
      fix: ["push the tag", "or stay: pulumi config set --stack prod nestfleet:version 1.4.2"],
    });
  });

  test("does not refuse a change of settings: nothing is built", () => {
    expect(problems("1.5.0", "1.5.0", { source }, change)).toEqual([]);
  });
});

describe("a moved tag", () => {
  const other = { target: { imageId: imageOf("moved") } };

  test("is not compared with a first installation that was refused, whose image may have been the fault", () => {
    const facts = host("1.5.0", "1.5.0", { ...other, facts: { serving: undefined } });
    expect(plan({ stack: "prod", settings: asked("1.5.0"), host: facts, last: {} }).problems).toEqual([]);
    expect(
      plan({ stack: "prod", settings: asked("1.5.0"), host: facts, last: { version: "1.5.0" } }).problems,
    ).toHaveLength(1);
  });

  test("is told from what runs under it", () => {
    const told = problem("1.5.0", "1.5.0", {}, other);
    expect(told.title).toBe("the tag 1.5.0 was moved to another image");
    expect(told.why).toContain("the running image is 312e352e3020");
    expect(told.fix).toEqual([
      `return to the known image: docker tag ${imageOf("1.5.0")} ghcr.io/nestfleet/nestfleet-api:1.5.0`,
      "or accept the other one: pulumi config set --stack prod nestfleet:allowMovingTag true",
    ]);
  });

  test("is told from what a backup recorded", () => {
    const change = { ...other, facts: { backups: [backup("20261124T080000Z-1.5.1")] } };
    expect(problem("1.6.1", "1.5.1", {}, change).why).toContain("when the newest backup of it was taken");
  });

  test("with the digest that a backup recorded, the fix is the command that brings that image", () => {
    const known = "ghcr.io/nestfleet/nestfleet-api@sha256:abc";
    const recorded = backup("20261124T080000Z-1.5.1", { digests: { api: ["mirror/api@sha256:abd", known] } });
    const told = problem("1.6.1", "1.5.1", {}, { ...other, facts: { backups: [recorded] } });
    expect(told.why).not.toContain("image store");
    expect(told.fix[0]).toBe(
      `return to the known image: docker pull ${known} && docker tag ${known} ghcr.io/nestfleet/nestfleet-api:1.5.1`,
    );
  });

  test("without a digest, another image store of Docker may be the only difference", () => {
    const change = { ...other, facts: { backups: [backup("20261124T080000Z-1.5.1")] } };
    expect(problem("1.6.1", "1.5.1", {}, change).why).toContain("another image store");
  });

  test.each<[string, Partial<PlanSettings>, Change]>([
    [
      "the same content under the id of another image store",
      {},
      {
        target: { imageId: "sha256:abc", digests: ["ghcr.io/nestfleet/nestfleet-api@sha256:abc"] },
        facts: {
          containers: [],
          serving: undefined,
          backups: [
            backup("20261124T080000Z-1.5.0", { digests: { api: ["ghcr.io/nestfleet/nestfleet-api@sha256:abc"] } }),
          ],
        },
      },
    ],
    ["allowed", { allowMovingTag: true }, other],
    ["built from source", { source: "../nestfleet" }, other],
    [
      "of the image that runs, whatever a backup recorded",
      {},
      { facts: { backups: [backup("20261124T080000Z-1.5.0", { images: { api: "sha256:1" } })] } },
    ],
  ])("is not reported when it is %s", (_, settings, change) => {
    expect(problems("1.5.0", "1.5.0", settings, change)).toEqual([]);
  });

  describe("of console, or of a worker with an image of its own", () => {
    const CONSOLE = "ghcr.io/nestfleet/nestfleet-console";
    const WORKER = "ghcr.io/nestfleet/nestfleet-worker";
    const digest = (repository: string) => `${repository}@sha256:${"d".repeat(64)}`;
    const moved = { id: "sha256:abcdef0123456789", digests: [] };
    const images = { worker: moved, console: moved };
    const own = { images: { ...asked("1.5.0").images, worker: WORKER } };
    const running = (...digests: string[]) => ({ facts: { images, digestsRunning: { [imageOf("1.5.0")]: digests } } });
    const recorded = (role: string, ...digests: string[]) => ({
      facts: { images, backups: [backup("20261124T080000Z-1.5.1", recordOf(role, digests))] },
    });
    const recordOf = (role: string, digests: string[]) => ({
      images: { api: imageOf("1.5.1"), [role]: imageOf("1.5.1") },
      digests: { [role]: digests },
    });

    test("is told from what runs under it", () => {
      expect(problem("1.5.0", "1.5.0", {}, running(digest(CONSOLE)))).toEqual({
        title: "the tag 1.5.0 of console was moved to another image",
        why: `${CONSOLE}:1.5.0 is abcdef012345 now; the running image is 312e352e3020`,
        fix: [
          `return to the known image: docker tag ${imageOf("1.5.0")} ${CONSOLE}:1.5.0`,
          "or accept the other one: pulumi config set --stack prod nestfleet:allowMovingTag true",
        ],
      });
      expect(problem("1.5.0", "1.5.0", own, running(digest(WORKER))).title).toBe(
        "the tag 1.5.0 of worker was moved to another image",
      );
    });

    test("is told from what a backup recorded", () => {
      expect(problem("1.6.1", "1.5.1", {}, recorded("console", digest(CONSOLE)))).toEqual({
        title: "the tag 1.5.1 of console was moved to another image",
        why: `${CONSOLE}:1.5.1 is abcdef012345 now; when the newest backup of it was taken, it was 312e352e3120`,
        fix: [
          `return to the known image: docker pull ${digest(CONSOLE)} && docker tag ${digest(CONSOLE)} ${CONSOLE}:1.5.1`,
          "or accept the other one: pulumi config set --stack prod nestfleet:allowMovingTag true",
        ],
      });
    });

    test.each<[string, HostFacts["digestsRunning"], Record<string, string>, HostFacts["backups"]]>([
      ["a backup that was taken while it ran", {}, {}, [backup("20261124T080000Z-1.5.0", recordOfRunning(CONSOLE))]],
      [
        "the last update, though several repositories have it",
        { [imageOf("1.5.0")]: [digest("mirror.example/console"), digest(CONSOLE)] },
        { console: digest(CONSOLE) },
        [],
      ],
      [
        "the last update, where the engine's image store has forgotten it",
        {},
        { console: `${CONSOLE}@${imageOf("1.5.0")}` },
        [],
      ],
    ])("of which repository it is, %s says", (_, digestsOfRunning, noted, backups) => {
      const facts = host("1.5.0", "1.5.0", { facts: { images, digestsRunning: digestsOfRunning, backups } });
      const { problems: told } = plan({
        stack: "prod",
        settings: asked("1.5.0"),
        host: facts,
        last: { version: "1.5.0", images: noted },
      });
      expect(told.map(({ title }) => title)).toEqual(["the tag 1.5.0 of console was moved to another image"]);
    });

    test.each<[string, string, string, Partial<PlanSettings>, Change]>([
      ["a changed images.console", "1.5.0", "1.5.0", {}, running(digest("mirror.example/console"))],
      ["a changed images.worker", "1.5.0", "1.5.0", own, running(digest("ghcr.io/nestfleet/nestfleet-api"))],
      ["one of several repositories", "1.5.0", "1.5.0", {}, running(digest("mirror.example/console"), digest(CONSOLE))],
      ["an image from no registry", "1.5.0", "1.5.0", {}, running()],
      [
        "a rollback after a changed images.worker",
        "1.6.1",
        "1.5.1",
        own,
        recorded("worker", digest("ghcr.io/nestfleet/nestfleet-api")),
      ],
      ["a rollback to an image from no registry", "1.6.1", "1.5.1", {}, recorded("console")],
      ["an upgrade to what never ran", "1.4.2", "1.5.0", own, running(digest(CONSOLE))],
      ["a move that is allowed", "1.5.0", "1.5.0", { allowMovingTag: true }, running(digest(CONSOLE))],
      ["a build from source", "1.5.0", "1.5.0", { source: "../nestfleet" }, running(digest(CONSOLE))],
    ])("is not reported for %s", (_, from, to, settings, change) => {
      expect(problems(from, to, settings, change)).toEqual([]);
    });

    function recordOfRunning(repository: string) {
      return { images: { console: imageOf("1.5.0") }, digests: { console: [digest(repository)] } };
    }
  });

  test("a release that was rejected and stopped is not compared with", () => {
    const stopped = container("api", "1.5.0", { running: false, imageId: "sha256:1" });
    const { containers } = host("1.4.2", "1.5.0");
    expect(problems("1.4.2", "1.5.0", {}, { facts: { containers: [...containers, stopped] } })).toEqual([]);
  });
});

describe("the database", () => {
  test("of another PostgreSQL major is refused, with the image to stay on and the way forward", () => {
    const images = { ...asked("1.5.0").images, postgres: "pgvector/pgvector:pg17" };
    expect(problem("1.5.0", "1.5.0", { images }, { target: { postgresMajor: 17 } })).toEqual({
      title: "pgvector/pgvector:pg17 is PostgreSQL 17, the data are from PostgreSQL 16",
      why: "PostgreSQL 17 does not start on these data; to move from 16 to 17, dump and restore them into a new volume",
      fix: [
        "stay on 16: pulumi config set --stack prod --path 'nestfleet:images.postgres' pgvector/pgvector:pg16",
        "or take a backup of this stack (scripts/backup.sh --stack prod) and restore it into a new stack that starts with pgvector/pgvector:pg17",
      ],
    });
  });

  test("of an image that does not tell its major is not judged", () => {
    expect(problems("1.5.0", "1.5.0", {}, { target: { postgresMajor: undefined } })).toEqual([]);
  });

  test("that is stopped refuses a new version, with the command that starts it", () => {
    const containers = withPostgres({ running: false });
    expect(problem("1.4.2", "1.5.0", {}, { facts: { database: undefined, containers } }).fix[0]).toBe(
      "docker start nestfleet-prod-postgres",
    );
    expect(problem("1.5.0", "1.4.2", {}, { facts: { database: undefined } }).title).toBe("the database does not run");
    const away = { dockerHost: "ssh://root@fleet" };
    expect(problem("1.4.2", "1.5.0", away, { facts: { database: undefined } }).fix).toEqual([
      "its log says why: docker --host ssh://root@fleet logs --tail 50 nestfleet-prod-postgres",
    ]);
  });

  test.each([
    [
      { state: "restarting", running: false },
      "exits and is restarted again and again",
      "its log says why: docker logs --tail 50 nestfleet-prod-postgres",
    ],
    [{ state: "paused", running: false }, "is paused", "docker unpause nestfleet-prod-postgres"],
    [{}, "runs and does not answer", "its log says why: docker logs --tail 50 nestfleet-prod-postgres"],
  ])("that does not answer: %j is reported as it is", (more, condition, fix) => {
    const told = problem("1.4.2", "1.5.0", {}, { facts: { database: undefined, containers: withPostgres(more) } });
    expect(told.why).toBe(`a version is changed only after a backup; nestfleet-prod-postgres ${condition}`);
    expect(told.fix).toEqual([fix]);
  });

  test("that Docker cannot start is reported with Docker's reason", () => {
    const notStarted = [
      { name: "nestfleet-prod-postgres", role: "postgres", reason: "bind source path\n does not exist" },
    ];
    const facts = { database: undefined, containers: withPostgres({ running: false }), notStarted };
    expect(problem("1.4.2", "1.5.0", {}, { facts }).why).toContain(
      "cannot be started: bind source path does not exist",
    );
  });

  test("that is gone comes back with the old version", () => {
    const containers = host("1.4.2", "1.5.0").containers.filter(({ role }) => role !== "postgres");
    expect(problem("1.4.2", "1.5.0", {}, { facts: { database: undefined, containers } }).fix).toEqual([
      "pulumi config set --stack prod nestfleet:version 1.4.2",
      "pulumi up --refresh --stack prod",
      "then set the new version again",
    ]);
  });

  test("that is stopped or gone does not refuse the update that brings it back", () => {
    expect(problems("1.4.2", "1.4.2", {}, { facts: { database: undefined } })).toEqual([]);
  });
});

describe("a proxy that Docker cannot start", () => {
  const notStarted = [{ name: "nestfleet-prod-caddy", role: "caddy", reason: "network not found" }];

  test("refuses a change of release, before the backup", () => {
    const told = problem("1.4.2", "1.5.0", {}, { facts: { notStarted } });
    expect(told.title).toBe("nestfleet-prod-caddy cannot be started");
    expect(told.why).toBe("no request reaches the stack without it; Docker says: network not found");
  });

  test("because its port is taken is reported once", () => {
    const facts = { notStarted, portsTaken: [{ port: 80, by: "another program" }] };
    expect(problems("1.4.2", "1.5.0", {}, { facts }).map(({ title }) => title)).toEqual([
      "port 80 of the Docker host is taken",
    ]);
  });

  test("does not stop an update that may fix it, which is checked through the published ports", () => {
    const planned = step("1.5.0", "1.5.0", {}, { facts: { notStarted } });
    expect(planned.problems).toEqual([]);
    expect(planned.warnings).toEqual(["nestfleet-prod-caddy had stopped and cannot be started: network not found"]);
    expect(planned.runsCutover).toBe(true);
    expect(step("1.5.0", "1.5.0").runsCutover).toBe(false);
  });
});

describe("the volume of the database", () => {
  const dataVolume = { wanted: "fleet_pgdata", exists: true, mounted: "fleet_pgdata", usedBy: [] };
  const postgres = { existingVolume: "fleet_pgdata" };
  const told = (change: Partial<DataVolume>, settings: Partial<PlanSettings> = { postgres }) =>
    problem("1.5.0", "1.5.0", settings, { facts: { dataVolume: { ...dataVolume, ...change } } });

  test("that has not changed is accepted, and so is one of the stack's own that does not exist yet", () => {
    expect(problems("1.5.0", "1.5.0", { postgres }, { facts: { dataVolume } })).toEqual([]);
    const own = { wanted: "nestfleet-prod-postgres", exists: false, usedBy: [] };
    expect(
      plan({ stack: "prod", settings: asked("1.5.0"), host: { ...emptyHost("1.5.0"), dataVolume: own }, last: {} })
        .problems,
    ).toEqual([]);
  });

  test("that config names and Docker does not have is refused", () => {
    expect(told({ exists: false, mounted: undefined })).toEqual({
      title: "the volume fleet_pgdata does not exist",
      why: "nestfleet:postgres.existingVolume names it; the database would start empty, on a new volume of that name",
      fix: [
        "if the name is mistyped (docker volume ls): pulumi config set --stack prod --path 'nestfleet:postgres.existingVolume' VOLUME",
        "or start without data, on a volume of the stack's own: pulumi config rm --stack prod --path 'nestfleet:postgres.existingVolume'",
      ],
    });
  });

  test("that another server uses is refused, with the command that stops it", () => {
    expect(told({ mounted: undefined, usedBy: ["fleet-db-1", "psql"] })).toMatchObject({
      why: "fleet-db-1, psql run and mount it; two database servers on the same data destroy them",
      fix: ["docker stop fleet-db-1 psql"],
    });
  });

  test("is not changed by a changed line", () => {
    expect(told({ mounted: "nestfleet-prod-postgres" })).toEqual({
      title: "the database would change from the volume nestfleet-prod-postgres to fleet_pgdata",
      why: "nestfleet-prod-postgres has its data on nestfleet-prod-postgres; the volume fleet_pgdata holds other data or is empty",
      fix: [
        "put it back: pulumi config rm --stack prod --path 'nestfleet:postgres.existingVolume'",
        "or, to use fleet_pgdata on purpose, first remove the container (both volumes are kept): docker stop nestfleet-prod-postgres && docker rm nestfleet-prod-postgres",
      ],
    });
  });

  test("is not changed by a lost line", () => {
    expect(told({ wanted: "nestfleet-prod-postgres" }, {}).fix[0]).toBe(
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
        fix: [
          `on the Docker host: ${command}`,
          "or name another one: pulumi config set --stack prod --path 'nestfleet:backups.directory' DIRECTORY",
        ],
      },
    );
  });
});

describe("the disk", () => {
  test("that is too small is refused with needed and free, before anything is touched", () => {
    const told = problem("1.4.2", "1.5.0", {}, { database: { disks: oneDisk(2 * GB) } });
    expect(told.why).toBe(
      "the file system of backups and Docker's own volumes needs 4.7 GB and has 2 GB free: 2.7 GB more must be free",
    );
    expect(told.fix).toContain(
      "without a rehearsal the update needs less: pulumi config set --stack prod nestfleet:rehearsal off",
    );
  });

  test("may hold databases that restores have replaced", () => {
    const replaced = [{ name: "nestfleet_replaced_20261120t080000z", bytes: 1.3 * GB }];
    const full = { disks: oneDisk(2 * GB), replaced };
    const drop =
      "the previous database nestfleet_replaced_20261120t080000z has 1.3 GB; if you do not want to undo that restore: docker exec nestfleet-prod-postgres dropdb -U nestfleet nestfleet_replaced_20261120t080000z";
    expect(problem("1.4.2", "1.5.0", {}, { database: full }).fix).toContain(drop);
    const elsewhere = { replaced, disks: ownDisks({ backups: 1 }) };
    expect(problem("1.4.2", "1.5.0", {}, { database: elsewhere }).fix).not.toContain(drop);
  });

  test("without a rehearsal, the refusal does not offer to turn it off", () => {
    const backups = [backup("20261124T080000Z-1.4.2")];
    const told = problem(
      "1.5.0",
      "1.4.2",
      { restore: "20261124T080000Z-1.4.2" },
      { facts: { backups }, database: { disks: oneDisk(0) } },
    );
    expect(told.fix.join()).not.toContain("rehearsal");
  });

  test("each file system for itself", () => {
    const database = { disks: ownDisks({ docker: 1, backups: 1 }) };
    expect(problem("1.4.2", "1.5.0", {}, { database }).why).toMatch(
      /^the file system of backups needs .*; the file system of Docker's own volumes needs /,
    );
    const backupsOnly = { disks: ownDisks({ backups: 1 }) };
    expect(problem("1.4.2", "1.5.0", {}, { database: backupsOnly }).fix.join()).not.toContain("rehearsal");
  });

  test("to the byte", () => {
    const needed = step("1.4.2", "1.5.0").disk[0]?.neededBytes ?? 0;
    expect(problems("1.4.2", "1.5.0", {}, { database: { disks: oneDisk(needed) } })).toEqual([]);
    expect(problems("1.4.2", "1.5.0", {}, { database: { disks: oneDisk(needed - 1) } })).toHaveLength(1);
  });

  test("full or not, a restart writes no backup", () => {
    expect(problems("1.5.0", "1.5.0", {}, { database: { disks: oneDisk(0) } })).toEqual([]);
  });
});

test("ports that something else has taken are named, with the setting of each", () => {
  const portsTaken = [
    { port: 80, by: "nginx" },
    { port: 443, by: "the container traefik" },
  ];
  const { problems: found } = plan({
    stack: "prod",
    settings: asked("1.5.0"),
    host: { ...emptyHost("1.5.0"), portsTaken },
    last: {},
  });
  expect(found).toEqual([
    {
      title: "ports 80 and 443 of the Docker host are taken",
      why: "80 by nginx, 443 by the container traefik",
      fix: [
        "stop what uses it",
        "or use another port: pulumi config set --stack prod --path 'nestfleet:http.httpPort' PORT",
        "or use another port: pulumi config set --stack prod --path 'nestfleet:http.httpsPort' PORT",
      ],
    },
  ]);
});

test("other ports than 80 and 443 are not offered for a domain, unless a proxy passes its requests on", () => {
  const portsTaken = [{ port: 443, by: "nginx" }];
  const settings = asked("1.5.0", { domain: "fleet.example.com" });
  const [told] = plan({ stack: "prod", settings, host: { ...emptyHost("1.5.0"), portsTaken }, last: {} }).problems;
  expect(told?.fix).toEqual([
    "stop what uses it",
    "or, if another proxy uses it, has the certificate of fleet.example.com and forwards the requests (docs/network.md): " +
      "pulumi config set --stack prod --path 'nestfleet:http.httpsPort' PORT && " +
      "pulumi config set --stack prod --path 'nestfleet:http.tls' off && " +
      "pulumi config set --stack prod --path 'nestfleet:http.publicUrl' https://fleet.example.com",
  ]);
  const other = asked("1.5.0", { domain: "fleet.example.com", http: { httpPort: 8080, httpsPort: 8443 } });
  const facts = { ...emptyHost("1.5.0"), portsTaken: [{ port: 8443, by: "nginx" }] };
  expect(plan({ stack: "prod", settings: other, host: facts, last: {} }).problems[0]?.fix[1]).toMatch(
    /^or use another port: /,
  );
});

describe("a clock behind the newest backup", () => {
  const backups = [backup("20261124T130000Z-1.4.2"), backup("20261124T110000Z-1.4.2")];
  const at = (time: string) =>
    step("1.4.2", "1.5.0", {}, { facts: { backups, clock: Date.parse(`2026-11-24T${time}Z`) / 1000 } });

  test("is a warning: the newest is that of the highest id, wherever it stands", () => {
    expect(at("12:00:00")).toMatchObject({
      problems: [],
      warnings: [
        "the clock of the Docker host is 60 min behind the newest backup (20261124T130000Z-1.4.2): set the clock; timedatectl shows it",
      ],
    });
  });

  test("by five minutes is tolerated", () => {
    expect(at("12:55:00").warnings).toEqual([]);
    expect(at("12:54:59").warnings).toHaveLength(1);
  });
});

describe("backups that are dated in the future", () => {
  const [real, planted] = [backup("20261124T110000Z-1.4.2"), backup("20990101T000000Z-1.4.2")];
  const facts = { backups: [real], future: [planted] };

  test("are a warning, and the newest is a real one", () => {
    const { warnings, problems } = step("1.4.2", "1.5.0", {}, { facts });
    expect([problems, warnings]).toEqual([[], futureTold([planted])]);
  });

  test("are not offered to a rollback, and restored where the config names one", () => {
    const back = step("1.5.0", "1.4.2", {}, { facts });
    expect(back.problems[0]?.fix[0]).toContain(`nestfleet:restore ${real.id} && `);
    const named = step("1.5.0", "1.4.2", { restore: planted.id }, { facts });
    expect([named.problems, named.restore?.manifest, named.warnings]).toEqual([[], planted, futureTold([planted])]);
  });

  test("without a history they count as backups, too, because it is not known what was restored", () => {
    expect(hasLostHistory({ history: [], backups: [], future: [planted] })).toBe(true);
  });
});

describe("backups that the stack has not signed", () => {
  const [own, planted] = [backup("20261124T070000Z-1.4.2"), "20261124T110000Z-1.4.2"];
  const facts = { backups: [own], unsigned: [planted] };

  test("are a warning, with what takes one over, and the newest is the stack's own", () => {
    const { warnings, problems } = step("1.4.2", "1.5.0", {}, { facts });
    expect([problems, warnings]).toEqual([
      [],
      [
        `1 backup is not signed by this stack and does not count: ${planted}; ` +
          `a backup that you know to be this stack's own counts after scripts/backup.sh --stack prod --trust ${planted}`,
      ],
    ]);
  });

  test("are named up to three", () => {
    const unsigned = [1, 2, 3, 4].map((day) => `2026112${day}T110000Z-1.4.2`);
    expect(step("1.4.2", "1.5.0", {}, { facts: { backups: [own], unsigned } }).warnings).toEqual([
      `4 backups are not signed by this stack and do not count: ${unsigned.slice(0, 3).join(", ")} and 1 others; ` +
        "a backup that you know to be this stack's own counts after scripts/backup.sh --stack prod --trust ID",
    ]);
  });

  test("are refused where the config names one, and its own are offered", () => {
    const named = step("1.5.0", "1.4.2", { restore: planted, dockerHost: "ssh://op@fleet" }, { facts });
    expect(named.restore).toBeUndefined();
    expect(named.problems).toEqual([
      {
        title: `the backup ${planted} cannot be restored`,
        why: "it is not signed by this stack, so another program may have written it",
        fix: [
          `if you know that it is this stack's own: scripts/backup.sh --stack prod --docker-host ssh://op@fleet --trust ${planted}`,
          `restore the backup of ${own.takenAt}: pulumi config set --stack prod nestfleet:restore ${own.id}`,
          "or stay: pulumi config set --stack prod nestfleet:version 1.5.0",
        ],
      },
    ]);
  });
});

describe("another postgres image", () => {
  const pg = (more: object) => ({
    role: "postgres" as const,
    reference: "pg:new",
    moved: false,
    running: { id: "sha256:a", library: "glibc 2.36" },
    wanted: { id: "sha256:b", library: "glibc 2.41", ...more },
  });

  test("that looks for its data in another folder of the volume would begin with an empty database", () => {
    const facts = {
      dataVolume: { wanted: "v", exists: true, mounted: "v", folder: "", usedBy: [] },
      dataMount: { target: "/var/lib/postgresql", folder: "16/docker" },
    };
    const [problem] = plan({
      stack: "prod",
      settings: asked("1.4.2"),
      host: host("1.4.2", "1.4.2", { facts }),
      last: {},
    }).problems;
    expect(problem?.title).toBe("pgvector/pgvector:pg16 keeps its data elsewhere in the volume");
    expect(problem?.why).toContain(
      "at the top of the volume, and the image looks for them in the volume's folder 16/docker",
    );
  });

  test("whose extension is older than the database's is refused; a newer one is offered", () => {
    const database = { installed: { vector: "0.8.0", plpgsql: "1.0" } };
    const facts = { otherImages: [pg({ extensions: { plpgsql: "1.0", vector: "0.7.4" } })] };
    const [problem] = plan({
      stack: "prod",
      settings: asked("1.4.2"),
      host: host("1.4.2", "1.4.2", { facts, database }),
      last: {},
    }).problems;
    expect(problem?.why).toBe("the database has the extension vector 0.8.0, and the postgres image has 0.7.4");
    const behind = { installed: { vector: "0.7.4" } };
    const { warnings } = plan({
      stack: "prod",
      settings: asked("1.4.2"),
      host: host("1.4.2", "1.4.2", { database: behind }),
      last: {},
    });
    expect(warnings.join()).toContain(`'ALTER EXTENSION "vector" UPDATE'`);
  });

  test("that cannot read lz4, as the one that runs can, is refused; a moved tag says so", () => {
    const planned = (readsLz4: boolean | undefined, runs: boolean | undefined, moved: boolean) => {
      const [one] = [pg({ readsLz4 })];
      const facts = { otherImages: [{ ...one, moved, running: { ...one.running, readsLz4: runs } }] };
      const { problems, warnings } = plan({
        stack: "prod",
        settings: asked("1.4.2"),
        host: host("1.4.2", "1.4.2", { facts }),
        last: {},
      });
      return { refused: problems.map(({ title }) => title).join(), warned: warnings.join() };
    };
    expect(planned(false, true, false).refused).toContain("cannot read values that are compressed with lz4");
    expect(planned(false, true, true).warned).toContain("it cannot read values that are compressed with lz4");
    for (const [wanted, runs] of [
      [true, true],
      [true, false],
      [false, false],
      [undefined, true],
      [false, undefined],
    ] as const) {
      expect(planned(wanted, runs, false).refused).toBe("");
      expect(planned(wanted, runs, true).warned).not.toContain("lz4");
    }
  });

  test("with another C library is said to have its indexes rebuilt, and a moved tag says how to go over", () => {
    const collations = { recorded: "2.36", actual: "2.36", outdated: false, indexes: 12, bytes: 34_000_000 };
    const planned = (moved: boolean) => {
      const facts = { otherImages: [{ ...pg({ created: "2026-11-01T00:00:00Z" }), moved }] };
      return plan({
        stack: "prod",
        settings: asked("1.4.2"),
        host: host("1.4.2", "1.4.2", { facts, database: { collations } }),
        last: {},
      });
    };
    expect(planned(false).reindex).toEqual({
      indexes: 12,
      bytes: 34_000_000,
      why: "the C library changes from glibc 2.36 to glibc 2.41",
      now: false,
    });
    expect(planned(true).reindex).toBeUndefined();
    expect(planned(true).warnings.join()).toMatch(/names b now, made 2026-11-01: pulumi up --refresh --stack prod/);
    const outdated = { ...collations, recorded: "2.31", outdated: true };
    const now = plan({
      stack: "prod",
      settings: asked("1.4.2"),
      host: host("1.4.2", "1.4.2", { database: { collations: outdated } }),
      last: {},
    });
    expect(now.reindex).toMatchObject({ now: true, indexes: 12 });
  });
});

describe("limits that the Docker host cannot hold", () => {
  const settings: Partial<PlanSettings> = {
    postgres: { memory: 1024 },
    resources: { api: { memory: 512, cpus: 1.5 }, worker: {}, console: {}, caddy: {} },
  };
  const told = (limits: HostFacts["limits"], more = settings) =>
    step("1.5.0", "1.5.0", more, { facts: { limits } }).warnings;

  test("are named with their settings", () => {
    expect(told({ memory: false, swap: false, cpus: false })).toEqual([
      "the Docker host cannot limit memory (docker info: no memory limit support): nestfleet:postgres.memory, nestfleet:resources.api.memory has no effect",
      "the Docker host cannot limit CPUs (docker info: no cpu cfs quota support): nestfleet:resources.api.cpus has no effect",
    ]);
    expect(told({ memory: true, swap: false, cpus: true })).toEqual([
      "the Docker host cannot limit swap (docker info: no swap limit support): nestfleet:postgres.memory, nestfleet:resources.api.memory limits memory only",
    ]);
  });

  test("are not reported if there are none, or the host supports them", () => {
    expect(told({ memory: true, swap: true, cpus: true })).toEqual([]);
    expect(told({ memory: false, swap: false, cpus: false }, {})).toEqual([]);
  });
});
