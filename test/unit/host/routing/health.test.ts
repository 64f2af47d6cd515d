import { expect, test } from "vitest";
import { healthIn } from "../../../../components/host/routing/health";

const answer = (health: object) => JSON.stringify({ status: "ok", db: "ok", version: "1.4.2", ...health });
const compared = (semver?: string) => ({ semver, health: { version: "compare" as const } });
const ignored = { semver: "1.4.2", health: { version: "ignore" as const } };

test.each([
  ["its own version", answer({ service: "nestfleet", queue: "started" }), compared("1.4.2")],
  ["a constant behind a tag that is no version", answer({ version: "0.1.0" }), compared()],
  ["a constant that is known to be one", answer({ version: "0.1.0" }), ignored],
])("%s is accepted", (_, text, expected) => {
  expect(healthIn(text, "/health", expected).status).toBe("ok");
});

test.each([
  ["another version", answer({ version: "1.5.0" }), "/health is answered by version 1.5.0, not by 1.4.2"],
  ["a degraded release", answer({ status: "degraded" }), '/health says {"status":"degraded"'],
  ["a lost database", answer({ db: "error" }), '/health says {"status":"ok","db":"error"'],
  ["an answer without the database", '{"status":"ok","version":"1.4.2"}', "/health does not answer with the appl"],
  ["no JSON", "<html>\n", "/health does not answer with the application's health: <html>"],
])("%s is reported", (_, text, message) => {
  expect(() => healthIn(text, "/health", compared("1.4.2"))).toThrow(message);
});

test("if the version is not compared, the database still is", () => {
  expect(() => healthIn(answer({ db: "error" }), "/health", ignored)).toThrow('"db":"error"');
});

test("a long answer is shown with its beginning", () => {
  expect(() => healthIn("x".repeat(10_000), "/health", compared())).toThrow(/x{200}$/);
});
