import { describe, expect, test } from "vitest";
import { plan } from "../../../../components/release/plan";
import { asked, container, host } from "../facts";

type Change = Parameters<typeof host>[2];

function planned(to: string, change: Change) {
  return plan({ stack: "prod", settings: asked(to), host: host("1.5.0", to, change), last: { version: "1.5.0" } });
}

const OLDER = { application: undefined, ofSuperuser: 31 };
const psql = (sql: string, role = "nestfleet") =>
  `docker exec nestfleet-prod-postgres psql -U ${role} -d postgres -c '${sql}'`;

describe("the role as which the application works", () => {
  test("is created by the next update of an older program's stack, which the plan announces", () => {
    const { warnings, preparesRole, problems } = planned("1.5.0", { database: OLDER });
    expect(preparesRole).toBe(true);
    expect(problems).toEqual([]);
    expect(warnings).toEqual([
      "from this update on the application works as nestfleet_app, which is not a superuser and owns the database and what nestfleet has in it (31 objects): requests to a table may wait for 1.5 s meanwhile. " +
        "Once it has succeeded, nestfleet has no password any more: a program of yours that logs in with it over the network needs a role of its own, such as reports: " +
        `${psql("CREATE ROLE reports LOGIN")}, then its password with \\password, and its rights (docs/operations.md, "Roles of the database")`,
    ]);
  });

  test("exists: nothing is made, and the plan does not mention it", () => {
    expect(planned("1.5.0", {})).toMatchObject({ warnings: [], preparesRole: false, problems: [] });
  });

  test("is made on a new server, also where the state knows one", () => {
    const containers = host("1.5.0", "1.5.0").containers.filter(({ role }) => role !== "postgres");
    expect(
      plan({
        stack: "prod",
        settings: asked("1.5.0"),
        host: { ...host("1.5.0", "1.5.0"), containers, database: undefined },
        last: {},
      }),
    ).toMatchObject({
      preparesRole: true,
    });
    const starting = { ...host("1.5.0", "1.5.0"), database: undefined };
    expect(plan({ stack: "prod", settings: asked("1.5.0"), host: starting, last: {} })).toMatchObject({
      preparesRole: false,
    });
  });

  test("gets the password that an operator has given the superuser", () => {
    expect(planned("1.5.0", { facts: { passwordOf: "nestfleet" } }).preparesRole).toBe(true);
    expect(planned("1.5.0", { facts: { passwordOf: "nestfleet_app" } }).preparesRole).toBe(false);
  });

  test("api and worker that work as the superuser are made anew", () => {
    const { containers } = host("1.5.0", "1.5.0");
    const older = containers.map((one) =>
      one.role === "api" ? container("api", "1.5.0", { asSuperuser: true }) : one,
    );
    expect(planned("1.5.0", { facts: { containers: older } }).restarts).toEqual(["api"]);
  });

  test("is a superuser for as long as an operator lets it be, with a warning", () => {
    const { warnings, problems } = planned("1.5.0", { database: { application: { superuser: true, ours: true } } });
    expect(problems).toEqual([]);
    expect(warnings).toEqual([
      "nestfleet_app, as which the application works, is a superuser: a vulnerability of the application would give away the whole database server. To end that: " +
        psql("ALTER ROLE nestfleet_app NOSUPERUSER"),
    ]);
  });

  test("that the program has not made is refused, and so is a server with another superuser", () => {
    const database = { application: { superuser: false, ours: false } };
    expect(planned("1.6.0", { database, facts: { superuserMissing: true } }).problems).toEqual([
      {
        title: "the role nestfleet is not a superuser of the database",
        why: "it makes the role as which the application works, takes the backups and restores them",
        fix: [
          `make it one, as another superuser: ${psql("ALTER ROLE nestfleet SUPERUSER", "SUPERUSER")}`,
          "then pulumi up --stack prod",
        ],
      },
      {
        title: "the database has a role nestfleet_app that this program has not made",
        why: "the application works as a role of that name, which gets its password and owns its tables",
        fix: [
          `give that role another name: ${psql("ALTER ROLE nestfleet_app RENAME TO former_app")}`,
          "then pulumi up --stack prod",
        ],
      },
    ]);
  });
});
