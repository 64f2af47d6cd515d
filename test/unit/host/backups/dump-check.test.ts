import { describe, expect, test, vi } from "vitest";
import { inspectDump, mustBeIntact } from "../../../../components/host/backups/dump-check";
import { Database } from "../../../../components/host/database/database";
import { DockerClient } from "../../../../components/host/docker/client";
import { DockerError } from "../../../../components/host/docker/errors";
import { dockerRuns } from "../../../support/docker";
import { backup } from "../../release/facts";

const manifest = backup("20261124T080000Z-1.4.2", { bytes: 10 });
const OTHER = "1".repeat(64);
const DAMAGED = `its dump is damaged: the sha256 is ${OTHER} instead of ${manifest.sha256}`;

/** What the container prints, and the fault that it shows. */
const FAULTS: [string, string | undefined][] = [
  [`10\n${manifest.sha256}  x`, undefined],
  ["missing", "its dump is missing"],
  ["7", "its dump has 7 bytes instead of 10"],
  ["11", "its dump has 11 bytes instead of 10"],
  ["10", "its dump cannot be read to its end"],
  [`10\n${OTHER}  x`, DAMAGED],
];

describe("a preview", () => {
  const asked = vi.fn<DockerClient["run"]>();
  class Asked extends DockerClient {
    public override run = asked;
  }
  const fault = () => inspectDump(new Asked("unix:///nowhere"), "postgres", manifest);

  test.each(FAULTS)("that hears %j finds: %s", async (printed, expected) => {
    asked.mockResolvedValueOnce(`${printed}\n`);
    expect(await fault()).toBe(expected);
  });

  test("asks one question, with a time limit that grows with the dump", async () => {
    asked.mockReset().mockResolvedValueOnce("missing\n");
    await inspectDump(new Asked("unix:///nowhere"), "postgres", { ...manifest, bytes: 200_000_001 });
    expect(asked.mock.calls.map(([, stdin, limit]) => [stdin, limit])).toEqual([["", 71]]);
  });

  test("knows a read that failed from a container that is gone", async () => {
    asked.mockRejectedValueOnce(
      new DockerError({ command: "exec", exitCode: 1, stderr: "sha256sum: Input/output error", stdout: "10\n" }),
    );
    expect(await fault()).toBe("its dump cannot be read to its end");
    asked.mockRejectedValueOnce(
      new DockerError({ command: "exec", exitCode: 1, stderr: "No such container", stdout: "" }),
    );
    await expect(fault()).rejects.toThrow("No such container");
  });
});

describe("an operation", () => {
  const check = (signal = new AbortController().signal) =>
    mustBeIntact(new Database(new DockerClient("unix:///nowhere"), "postgres"), manifest, signal);

  test.each(FAULTS)("that hears %j finds: %s", async (printed, expected) => {
    dockerRuns(`printf '%s\\n' '${printed}'`);
    if (expected === undefined) await check();
    else await expect(check()).rejects.toThrow(`the backup ${manifest.id} cannot be relied on: ${expected}`);
  });

  test("gets the reason why nothing could be checked", async () => {
    dockerRuns("echo 'No such container' >&2; exit 1");
    await expect(check()).rejects.toThrow(/20261124T080000Z-1\.4\.2\.dump cannot be checked: No such container/);
  });

  test("can be stopped while the dump is read", async () => {
    dockerRuns("exec sleep 60");
    await expect(check(AbortSignal.timeout(200))).rejects.toMatchObject({ name: "TimeoutError" });
  });
});
