import { expect, test } from "vitest";
import { diagnosis } from "../../../scripts/lib/diagnosis";

const answer = (health: object) => JSON.stringify({ status: "ok", db: "ok", version: "1.4.2", ...health });

test.each([
  ["its own version", answer({ service: "nestfleet", queue: "started" }), "1.4.2"],
  ["a constant behind a tag that is no version", answer({ version: "0.1.0" }), "sha-1a2b3c4"],
])("nothing is wrong with %s", (_, text, version) => {
  expect(diagnosis(text, version)).toBeUndefined();
});

test.each([
  ["another version", answer({ version: "1.5.0" }), "/health is answered by version 1.5.0, not by 1.4.2"],
  ["a degraded release", answer({ status: "degraded" }), '/health says {"status":"degraded"'],
  ["a lost database", answer({ db: "error" }), '/health says {"status":"ok","db":"error"'],
  ["an answer without the database", '{"status":"ok","version":"1.4.2"}', "/health does not answer with the appl"],
  ["no JSON", "<html>\n", "/health does not answer with the application's health: <html>"],
])("%s is told", (_, text, message) => {
  expect(diagnosis(text, "1.4.2")).toContain(message);
});

test("of a long answer the beginning is shown", () => {
  expect(diagnosis("x".repeat(10_000), "1.4.2")?.length).toBeLessThan(300);
});
