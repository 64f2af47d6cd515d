import { describe, expect, test } from "vitest";
import { plan } from "../../../components/release/plan";
import type { HostFacts } from "../../../components/host/facts";
import type { PlanSettings } from "../../../components/release/situation";
import { asked, backup, host } from "./facts";

describe("a rollback with data while nobody can tell which release serves", () => {
  const named = "20261124T080000Z-1.4.2";
  const known: Partial<HostFacts> = { backups: [backup(named)] };
  const hidden: Partial<HostFacts> = { ...known, serving: undefined };

  /** The last good update brought 1.5.0; the titles of what stands against going on to `to`. */
  const titles = (to: string, settings: Partial<PlanSettings>, facts: Partial<HostFacts>) =>
    plan("prod", asked(to, settings), host("1.5.0", to, { facts }), { version: "1.5.0" }).problems.map(
      ({ title }) => title,
    );

  test("is refused: it may have been carried out", () => {
    const facts = host("1.5.0", "1.4.2", { facts: hidden });
    const refused = plan("prod", asked("1.4.2", { restore: named }), facts, { version: "1.5.0" });
    expect(refused).toMatchObject({ kind: "refusal", step: "rollback" });
    expect(refused.problems).toHaveLength(1);
    expect(refused.problems[0]).toMatchObject({
      title: "which release serves cannot be told",
      why: expect.stringContaining("nestfleet-prod-caddy, which knows, does not answer") as string,
    });
    expect(refused.problems[0]?.mend.slice(0, 2)).toEqual([
      "look first: docker ps --all --filter label=org.nestfleet.stack=prod",
      "without the restore, the rest can be put in order: pulumi config rm --stack prod nestfleet:restore && pulumi up --stack prod --refresh",
    ]);
  });

  test("is let through as soon as it is known", () => {
    expect(titles("1.4.2", { restore: named }, known)).toEqual([]);
  });

  test("is none without a database: nothing is restored there", () => {
    expect(titles("1.4.2", { restore: named }, { ...hidden, database: undefined })).not.toContain(
      "which release serves cannot be told",
    );
  });

  test.each<[string, string, Partial<PlanSettings>]>([
    ["a rollback without data", "1.4.2", { allowSchemaAhead: true }],
    ["a backup of another release, left over", "1.4.2", { allowSchemaAhead: true, restore: "20261124T080000Z-1.5.0" }],
    ["an upgrade", "1.5.1", { restore: named }],
    ["a restart with what the config still says", "1.5.0", { restore: "20261124T080000Z-1.5.0" }],
  ])("does not concern %s", (_, to, settings) => {
    expect(titles(to, settings, hidden)).toEqual([]);
  });
});
