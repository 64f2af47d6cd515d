import { expect, test } from "vitest";
import { writableAgain } from "../../../../components/host/docker/read-only";

test.each([
  ["api", "Error: EROFS: read-only file system, open '/app/cache'", "resources.api.readOnly"],
  ["postgres", "mkdir: cannot create directory '/x': Read-only file system", "postgres.readOnly"],
])("for a container of %s that wrote to a read-only place, the key that allows it is named", (role, line, key) => {
  expect(writableAgain({ stack: "prod", role, words: ["Last lines:", line] })).toEqual([
    expect.stringContaining(`pulumi config set --stack prod --path 'nestfleet:${key}' false`),
  ]);
});

test("for a container that failed for another reason, the file system is not mentioned", () => {
  expect(writableAgain({ stack: "prod", role: "api", words: ["Error: connect ECONNREFUSED"] })).toEqual([]);
});
