import { describe, expect, test } from "vitest";
import { plan } from "../../../../components/release/plan";
import type { HostFacts } from "../../../../components/release/facts";
import type { PlanSettings } from "../../../../components/release/plan-context";
import { asked, backup, change, host } from "../facts";

describe("a rollback with data while it is not known which release serves", () => {
  const named = "20261124T080000Z-1.4.2";
  const known: Partial<HostFacts> = { backups: [backup(named)] };
  const hidden: Partial<HostFacts> = { ...known, serving: undefined };

  /** The last good update brought 1.5.0; the titles of what stands against going on to `to`. */
  const titles = (to: string, settings: Partial<PlanSettings>, facts: Partial<HostFacts>) =>
    plan({
      stack: "prod",
      settings: asked(to, settings),
      host: host("1.5.0", to, { facts }),
      last: { version: "1.5.0" },
    }).problems.map(({ title }) => title);

  test("is refused: it may have been carried out", () => {
    const facts = host("1.5.0", "1.4.2", { facts: hidden });
    const refused = plan({
      stack: "prod",
      settings: asked("1.4.2", { restore: named }),
      host: facts,
      last: { version: "1.5.0" },
    });
    expect(refused).toMatchObject({ kind: "refusal", step: "rollback" });
    expect(refused.problems).toHaveLength(1);
    expect(refused.problems[0]).toMatchObject({
      title: "the running release cannot be determined",
      why: expect.stringContaining("nestfleet-prod-caddy, which knows it, does not answer") as string,
    });
    expect(refused.problems[0]?.fix.slice(0, 2)).toEqual([
      "look first: docker ps --all --filter label=org.nestfleet.stack=prod",
      "or continue without the restore: pulumi config rm --stack prod nestfleet:restore && pulumi up --refresh --stack prod",
    ]);
  });

  test("is let through as soon as it is known", () => {
    expect(titles("1.4.2", { restore: named }, known)).toEqual([]);
  });

  test("is not refused without a database, because nothing is restored", () => {
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

describe("a rollback that was undone by hand, and that the config still asks for", () => {
  const named = "20261124T080000Z-1.4.2";
  const rolledBack = change({ kind: "rollback", from: "1.5.0", to: "1.4.2", verdict: "rolled back", restored: named });
  const undone = change({ kind: "undo", from: "1.4.2", to: "1.5.0", verdict: "restored" });

  const problems = (last: string, settings: Partial<PlanSettings> = {}, history = [rolledBack, undone]) => {
    const facts = host("1.5.0", "1.4.2", { facts: { backups: [backup(named)], history } });
    return plan({
      stack: "prod",
      settings: asked("1.4.2", { restore: named, ...settings }),
      host: facts,
      last: { version: last },
    }).problems;
  };

  test("is refused, with both ways on", () => {
    expect(problems("1.4.2")).toEqual([
      {
        title: "the rollback to 1.4.2 was undone, and the config still asks for it",
        why: "op@here brought 1.5.0 and its data back at 2026-11-24T10:00:00Z",
        fix: [
          "keep them: pulumi config set --stack prod nestfleet:version 1.5.0 && pulumi config rm --stack prod nestfleet:restore",
          "or roll back once more: pulumi config set --stack prod nestfleet:confirmRestore A-NEW-WORD && pulumi up --stack prod",
        ],
      },
    ]);
  });

  test.each<[string, ReturnType<typeof problems>]>([
    ["once 1.5.0 has been applied again, for then it is asked for anew", problems("1.5.0")],
    ["with a new word of confirmation", problems("1.4.2", { confirmRestore: "again" })],
    ["when the undo failed", problems("1.4.2", {}, [rolledBack, { ...undone, verdict: "failed" }])],
  ])("goes ahead %s", (_, found) => {
    expect(found).toEqual([]);
  });

  test("is refused with a confirmation that was already used for it", () => {
    const used = { ...rolledBack, confirmation: "again" };
    expect(problems("1.4.2", { confirmRestore: "again" }, [used, undone])).toHaveLength(1);
  });
});
