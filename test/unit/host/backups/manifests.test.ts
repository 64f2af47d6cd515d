import { describe, expect, test } from "vitest";
import { readManifests } from "../../../../components/host/backups/manifests";
import { signed } from "../../../../components/release/records/signature";
import { ScriptedDocker } from "../../../support/docker";
import { backup } from "../../release/facts";

const [old, newest, planted] = ["20261123T020000Z-1.4.2", "20261124T020000Z-1.4.2", "20990101T000000Z-1.4.2"].map(
  (id) => backup(id),
);
const PRINTED = [planted, newest, "{}", old].map((one) => `${JSON.stringify(one)}\0`).join("");

/** What is read on a host with that clock. */
function read(clock: string) {
  return readManifests(docker(PRINTED, [], clock), "postgres");
}

/** A host whose database has that environment, with what lies among the backups. */
function docker(printed: string, environment: readonly string[], clock = "") {
  return new ScriptedDocker((command) => {
    if (command.startsWith("info ")) return clock;
    return command.startsWith("inspect ") ? JSON.stringify([{ Config: { Env: environment } }]) : printed;
  });
}

test("backups are read oldest first, and those in the future apart, by the clock of the Docker host", async () => {
  expect(await read("2026-11-24T12:00:00.5Z\n")).toEqual({ backups: [old, newest], future: [planted], unsigned: [] });
  expect(await read("2099-01-01T00:00:00Z\n")).toEqual({ backups: [old, newest, planted], future: [], unsigned: [] });
});

test("where the Docker host does not tell its time, none is in the future", async () => {
  expect(await read("")).toEqual({ backups: [old, newest, planted], future: [], unsigned: [] });
});

describe("where the database has a key", () => {
  const key = "k".repeat(64);
  const [first, second, third] = [old, newest, planted].map((one) => one ?? backup("20261122T020000Z-1.4.2"));
  const list = (...written: (object | undefined)[]) =>
    readManifests(
      docker(written.map((one) => `${JSON.stringify(one)}\0`).join(""), [`NESTFLEET_BACKUP_KEY=${key}`]),
      "postgres",
    );
  const ids = ({ backups, unsigned }: Awaited<ReturnType<typeof list>>) => [backups.map(({ id }) => id), unsigned];

  test("what it has not signed is no backup", async () => {
    const own = signed(first ?? {}, key);
    expect(ids(await list(third, own, signed(second ?? {}, "another")))).toEqual([
      [first?.id],
      [second?.id, third?.id],
    ]);
  });

  test("a backup is one, though somebody else's manifest under another name says that it is the same", async () => {
    expect(ids(await list(signed(first ?? {}, key), first))).toEqual([[first?.id], []]);
  });
});

test("a container that is gone meanwhile is not taken for one without a key", async () => {
  const gone = new ScriptedDocker((command) => (command.startsWith("inspect ") ? undefined : PRINTED));
  await expect(readManifests(gone, "postgres")).rejects.toThrow("there is no container postgres");
});
