import { describe, expect, test } from "vitest";
import { DockerClient } from "../../../components/host/docker/client";
import { DockerError } from "../../../components/host/docker/errors";
import type { HostFacts } from "../../../components/release/facts";
import { inspectLiveData } from "../../../components/host/database/live-data";
import { roleOfPassword, takesAnyPassword } from "../../../components/host/database/password";
import { inspectRestore } from "../../../components/host/restore-facts";
import type { Settings } from "../../../components/settings/schema";
import { asked, backup, change, host } from "../release/facts";

const id = "20261124T080000Z-1.4.2";

/** A docker client whose answers depend on the arguments and input. It keeps the commands that it got. */
class Answering extends DockerClient {
  public readonly asked: { readonly args: string; readonly stdin: string }[] = [];

  public constructor(private readonly answers: Readonly<Record<string, string | DockerError>>) {
    super("unix:///nowhere");
  }

  public override run(args: readonly string[], stdin = "", timeoutSeconds = 0): Promise<string> {
    expect(timeoutSeconds).toSatisfy(Number.isInteger); // Node.js takes no other
    this.asked.push({ args: args.join(" "), stdin });
    const found = Object.entries(this.answers).find(([part]) => `${args.join(" ")}\n${stdin}`.includes(part))?.[1];
    return found instanceof DockerError ? Promise.reject(found) : Promise.resolve(found ?? "");
  }
}

const failed = (stderr: string) => new DockerError({ command: "exec", exitCode: 2, stderr, stdout: "" });

describe("the content of the live database", () => {
  test("is counted, with its last write", async () => {
    const docker = new Answering({
      track_commit_timestamp: "2026-11-24T11:00:00Z\n",
      "count(*)": '{"public.cases": 3}\n',
      pg_prepared_xacts: '["of a stranger"]\n',
    });
    expect(await inspectLiveData(docker, "postgres")).toEqual({
      rows: { "public.cases": 3 },
      exact: true,
      lastWrite: "2026-11-24T11:00:00Z",
      prepared: ["of a stranger"],
    });
  });

  test("is estimated if counting takes too long", async () => {
    const docker = new Answering({
      "count(*)": failed("canceling statement due to statement timeout"),
      pg_stat_get_live_tuples: '{"public.cases": 3000000}',
      pg_prepared_xacts: "[]",
    });
    expect(await inspectLiveData(docker, "postgres")).toEqual({
      rows: { "public.cases": 3000000 },
      exact: false,
      prepared: [],
    });
  });
});

describe("a password", () => {
  const roleOf = (answer: string | DockerError) =>
    roleOfPassword(new Answering({ PGPASSWORD: answer }), "postgres", "hunter22");

  test("is rejected only by PostgreSQL's own error", async () => {
    expect(await roleOf(failed('FATAL:  password authentication failed for user "nestfleet"'))).toBeNull();
    expect(await roleOf(failed("connection refused"))).toBeUndefined();
    expect(await roleOf("nestfleet_app\n")).toBe("nestfleet_app");
  });

  test("is not needed if the server accepts any password", async () => {
    const takes = (answer: string | DockerError) => takesAnyPassword(new Answering({ PGPASSWORD: answer }), "postgres");
    expect(await takes("nestfleet\n")).toBe(true);
    expect(await takes(failed('FATAL:  password authentication failed for user "nestfleet"'))).toBe(false);
    expect(await takes(failed("connection refused"))).toBe(false);
  });

  test("is never on a command line", async () => {
    const docker = new Answering({});
    await roleOfPassword(docker, "postgres", "hunter22");
    expect(docker.asked).toEqual([{ args: expect.not.stringContaining("hunter22") as string, stdin: "hunter22\n" }]);
  });
});

describe("a restore is inspected", () => {
  const looks = async (serving: string, to: string, more: Partial<Settings>, facts: Partial<HostFacts> = {}) => {
    const docker = new Answering({});
    const settings = { ...asked(to), ...more } as Settings;
    await inspectRestore(docker, {
      postgres: "postgres",
      settings,
      known: host(serving, to, { facts: { backups: [backup(id)], ...facts } }),
      last: {},
    });
    return docker.asked.length > 0;
  };
  const spent = { history: [change({ restored: id, confirmation: "monday" })] };

  test.each<[string, string, Partial<Settings>, Partial<HostFacts>, boolean]>([
    ["1.5.0", "1.4.2", { restore: id }, {}, true],
    ["1.4.2", "1.4.2", { restore: id, confirmRestore: "monday" }, {}, true],
    ["1.4.2", "1.4.2", { restore: id, confirmRestore: "monday" }, spent, false],
    ["1.4.2", "1.4.2", { restore: id }, {}, false],
    ["1.4.2", "1.5.0", { restore: id }, {}, false],
    ["1.5.0", "1.4.2", { restore: id }, { backups: [] }, false],
    ["1.5.0", "1.4.2", {}, {}, false],
  ])("%s → %s with %j", async (serving, to, settings, facts, expected) => {
    expect(await looks(serving, to, settings, facts)).toBe(expected);
  });
});
