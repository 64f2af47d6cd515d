import { expect, test } from "vitest";
import { problems, settings } from "./checked";

const given = (parameters: unknown) => problems({ postgres: { parameters } });

test("names and values are as in postgresql.conf; numbers and booleans become text", () => {
  const parameters = {
    work_mem: "16MB",
    max_connections: 200,
    jit: false,
    "pg_stat_statements.max": 5000,
    TimeZone: "UTC",
  };
  expect(settings({ postgres: { parameters } }).postgres.parameters).toEqual({
    work_mem: "16MB",
    max_connections: "200",
    jit: "false",
    "pg_stat_statements.max": "5000",
    TimeZone: "UTC",
  });
});

test.each<[string, unknown, RegExp]>([
  ["shared_buffers", "1GB", /set with nestfleet:postgres\.sharedBuffers/],
  ["SHARED_BUFFERS", "1GB", /set with nestfleet:postgres\.sharedBuffers/],
  ["track_commit_timestamp", "off", /left to this program/],
  ["hba_file", "/tmp/hba", /left to the image/],
  ["listen_addresses", "*", /reach the server at its usual address/],
  ["fsync", "off", /a loss of power/],
  ["work mem", "16MB", /the name of a server parameter/],
  ["-c", "x", /the name of a server parameter/],
  ["__proto__", "x", /the name of a server parameter|left/],
  ["work_mem", { size: 16 }, /a string, number or boolean/],
  ["work_mem", "16MB\0", /a string, number or boolean/],
  ["archive_command", "curl https://me:hunter2@example.com/%f", /every user of the Docker host can read it/],
  ["app.api_token", "abcdefghijklmnop", /every user of the Docker host can read it/],
])("%s = %j is refused", (name, value, rule) => {
  const found = given(JSON.parse(`{${JSON.stringify(name)}: ${JSON.stringify(value)}}`));
  expect(found).toHaveLength(1);
  expect(JSON.stringify(found)).toMatch(rule);
  expect(JSON.stringify(found)).not.toContain("hunter2");
});

test("the command that removes a parameter of an extension has its name in brackets", () => {
  expect(given({ "app.token": "abcdefghijklmnop" })).toMatchObject([
    {
      path: "nestfleet:postgres.parameters.app.token",
      value: "[secret]",
      fix: `pulumi config rm --stack prod --path 'nestfleet:postgres.parameters["app.token"]'`,
    },
  ]);
});

test("a name that is given twice, in two spellings, is refused; so is a list", () => {
  expect(JSON.stringify(given({ work_mem: "1MB", Work_Mem: "2MB" }))).toContain("given once: Work_Mem is the same");
  expect(JSON.stringify(given(["work_mem=1MB"]))).toContain("names of server parameters, each with its value");
});
