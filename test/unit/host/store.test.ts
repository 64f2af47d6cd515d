import { expect, test } from "vitest";
import { readManifests } from "../../../components/host/store";
import { ScriptedDocker } from "../../support/docker";
import { backup } from "../release/facts";

const [old, newest, planted] = ["20261123T020000Z-1.4.2", "20261124T020000Z-1.4.2", "20990101T000000Z-1.4.2"].map(
  (id) => backup(id),
);
const PRINTED = [planted, newest, "{}", old].map((one) => `${JSON.stringify(one)}\0`).join("");

/** What is read on a host with that clock. */
function read(clock: string) {
  return readManifests(new ScriptedDocker((command) => (command.startsWith("info ") ? clock : PRINTED)), "postgres");
}

test("backups are read oldest first, and those in the future apart, by the clock of the Docker host", async () => {
  expect(await read("2026-11-24T12:00:00.5Z\n")).toEqual({ backups: [old, newest], future: [planted] });
  expect(await read("2099-01-01T00:00:00Z\n")).toEqual({ backups: [old, newest, planted], future: [] });
});

test("where the Docker host does not tell its time, none is in the future", async () => {
  expect(await read("")).toEqual({ backups: [old, newest, planted], future: [] });
});
