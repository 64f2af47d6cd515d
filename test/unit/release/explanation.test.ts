import { describe, expect, test } from "vitest";
import type { HostFacts } from "../../../components/release/facts";
import { unexplained } from "../../../components/release/explanation";
import { plan } from "../../../components/release/plan";
import { asked, change, container, filesOf, HARMLESS, host, migrationsOf } from "./facts";

const DROP = "0007_drop_cases_channel.sql";
const upgraded = (from: string, to: string, migrations: readonly string[]) =>
  change({ from, to, kind: "upgrade", verdict: "upgraded", migrations: [...migrations] });

/** 1.5.0 serves and 1.5.1 is wanted; the database says that what 1.5.1 drops is dropped. */
const written = (facts: Partial<HostFacts> = {}) =>
  host("1.5.0", "1.5.1", { database: { applied: filesOf("1.5.1") }, facts });

describe("a migration that the database says is applied", () => {
  test("is explained by the image that serves, as far as that has it", () => {
    expect(unexplained(host("1.5.0", "1.5.1"))).toEqual([]);
    expect(unexplained(written())).toEqual([DROP]);
  });

  test("and by the history: without the image, which is read only where that is not enough", () => {
    const history = [upgraded("1.4.2", "1.5.0", filesOf("1.5.0"))];
    const facts = { history, servingMigrations: undefined };
    expect(unexplained(host("1.5.0", "1.5.1", { facts }))).toEqual([]);
    expect(unexplained(written(facts))).toEqual([DROP]);
  });

  test("also by an update that was refused after its migrations, and by one that was taken back without its data", () => {
    const refused = change({ from: "1.5.0", to: "1.5.1", kind: "upgrade", verdict: "failed", migrations: [DROP] });
    expect(unexplained(written({ history: [refused] }))).toEqual([]);
    const back = change({ from: "1.5.1", to: "1.5.0", verdict: "rolled back" });
    expect(unexplained(written({ history: [upgraded("1.5.0", "1.5.1", [DROP]), back] }))).toEqual([]);
  });

  test("but not by one from before a restore, which has put another table in its place", () => {
    const replaced = "nestfleet_replaced_20261124t080000z";
    const back = change({ from: "1.5.1", to: "1.5.0", replaced, restored: "20261124T080000Z-1.5.0" });
    const history = [upgraded("1.5.0", "1.5.1", [DROP]), back];
    expect(unexplained(written({ history }))).toEqual([DROP]);
    expect(unexplained(written({ history: [...history, upgraded("1.5.0", "1.5.1", [DROP])] }))).toEqual([]);
  });

  test("need not be where no release serves, or the very one that is wanted", () => {
    expect(unexplained(written({ serving: undefined }))).toEqual([]);
    expect(unexplained(written({ serving: container("api", "1.5.1"), servingMigrations: undefined }))).toEqual([]);
  });
});

describe("a migration that was inserted into the table by hand", () => {
  const planned = (applied: readonly string[]) =>
    plan({
      stack: "prod",
      settings: asked("1.5.1"),
      host: host("1.5.0", "1.5.1", { database: { applied } }),
      last: { version: "1.5.0" },
    });

  test("is reported by name, with what it breaks", () => {
    const { pending, unexplained: found, warnings, problems, wayBack } = planned(filesOf("1.5.1"));
    expect([pending, problems]).toEqual([[], []]);
    expect(found).toEqual(planned(filesOf("1.5.0")).pending);
    expect(warnings[1]).toBe(
      `the database counts ${DROP} of 1.5.1 as applied, which 1.5.0 does not have and no update in the history has applied: ` +
        "a killed update has done so, or the entry was written by hand, and it will not run. The strategy is chosen as if it would run; " +
        "to look: docker exec nestfleet-prod-postgres psql -U nestfleet -d nestfleet -c 'SELECT * FROM nestfleet_migrations'",
    );
    expect(warnings[0]).toContain(`${DROP} may break 1.5.0`);
    expect(wayBack).toEqual({ version: "1.5.0", backup: "of this update" });
  });

  test("does not make releases run side by side that cannot", () => {
    const marked = { file: "0007_marked.sql", reading: { ...HARMLESS, incompatible: true } };
    const target = { migrations: [...migrationsOf("1.5.0"), marked] };
    const strategy = (applied: readonly string[]) =>
      plan({
        stack: "prod",
        settings: asked("1.5.1"),
        host: host("1.5.0", "1.5.1", { database: { applied }, target }),
        last: { version: "1.5.0" },
      }).strategy;
    expect(strategy(filesOf("1.5.0"))).toBe("recreate");
    expect(strategy([...filesOf("1.5.0"), marked.file])).toBe("recreate");
  });
});
