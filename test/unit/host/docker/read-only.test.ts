import { expect, test } from "vitest";
import { writableAgain } from "../../../../components/host/docker/read-only";

test.each([
  ["api", "Error: EROFS: read-only file system, open '/app/cache'", "resources.api.readOnly"],
  ["postgres", "mkdir: cannot create directory '/x': Read-only file system", "postgres.readOnly"],
])("a container of %s that wrote where it may not is told how it may", (role, line, key) => {
  expect(writableAgain({ stack: "prod", role, words: ["Last lines:", line] })).toEqual([
    expect.stringContaining(`pulumi config set --stack prod --path 'nestfleet:${key}' false`),
  ]);
});

test("a container that failed for another reason is told nothing of its file system", () => {
  expect(writableAgain({ stack: "prod", role: "api", words: ["Error: connect ECONNREFUSED"] })).toEqual([]);
});
