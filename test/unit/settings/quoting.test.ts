import { expect, test } from "vitest";
import { check } from "../../../components/settings/check";
import { writtenIn } from "../../../components/settings/written";

/** What Pulumi 3.259 passes on for each text without quotes. */
const CHANGED: [string, string][] = [
  ["22.10", "22.1"],
  ["1.0", "1"],
  ["1e21", "1e+21"],
  ["1e3", "1000"],
  ["0x1F", "31"],
  ["017", "15"],
  ["0o17", "15"],
  ["1_000", "1000"],
  ["+5", "5"],
  [".5", "0.5"],
  ["True", "true"],
  ["18446744073709551615", "18446744073709552000"],
  ["2026-11-24", '"2026-11-24 00:00:00 +0000 UTC"'],
  ["2026-11-24T10:00:00Z", '"2026-11-24 10:00:00 +0000 UTC"'],
];
const KEPT: [string, string][] = [
  ["1234567890123456789", "1234567890123456789"],
  ["42", "42"],
  ["-7", "-7"],
  ["0.5", "0.5"],
  ["true", "true"],
  ["yes", '"yes"'],
  ["no", '"no"'],
  ["12:30:45", '"12:30:45"'],
  ["'22.10'", '"22.10"'],
  ['"2026-11-24 00:00:00 +0000 UTC"', '"2026-11-24 00:00:00 +0000 UTC"'],
];

/** The problems of a stack whose `env.A` is written and passed on like this. */
function checked(typed: string, json: string) {
  const written = writtenIn(`config:\n  nestfleet:version: 1.5.0\n  nestfleet:env:\n    A: ${typed}\n`);
  return check({ values: { version: "1.5.0", env: `{"A":${json}}` }, encrypted: new Set(), stack: "prod", written });
}

test.each(CHANGED)("%s without quotes is refused, with the command that writes it as it was typed", (typed, json) => {
  expect(checked(typed, json)).toEqual({
    problems: [
      {
        path: "nestfleet:env.A",
        value: `${String(JSON.parse(json))}, which YAML makes of ${typed}`,
        rule: "in quotes in the stack's file, so that it arrives as it is typed",
        fix: `pulumi config set --stack prod --type string --path 'nestfleet:env.A' ${/^[\w./:@-]+$/.test(typed) ? typed : `'${typed}'`}`,
      },
    ],
  });
});

test.each(KEPT)("%s arrives as it is typed", (typed, json) => {
  const found = checked(typed, json);
  expect("settings" in found && found.settings.env["A"]).toBe(typed.replaceAll(/['"]/g, ""));
});

test("other keys that are texts, and lists of them", () => {
  const written = writtenIn(`config:
  nestfleet:version: 1.5.0
  nestfleet:confirmRestore: 2026-11-24
  nestfleet:acknowledgeMajor: 0x2
  nestfleet:migrateCommand: [node, 2026-11-24]
  nestfleet:backups: { keep: 0x7 }
`);
  const values = {
    version: "1.5.0",
    confirmRestore: "2026-11-24 00:00:00 +0000 UTC",
    acknowledgeMajor: "2",
    migrateCommand: '["node","2026-11-24 00:00:00 +0000 UTC"]',
    backups: '{"keep":7}',
  };
  const found = check({ values, encrypted: new Set(), stack: "prod", written });
  expect("problems" in found && found.problems.map(({ fix }) => fix)).toEqual([
    "pulumi config set --stack prod --type string nestfleet:confirmRestore 2026-11-24",
    "pulumi config set --stack prod --type string nestfleet:acknowledgeMajor 0x2",
    "pulumi config set --stack prod --type string --path 'nestfleet:migrateCommand[1]' 2026-11-24",
  ]);
});

test("without the file, a value that may have been changed is refused; the values of another file do not count", () => {
  const without = (json: string) =>
    check({ values: { version: "1.5.0", env: `{"A":${json}}` }, encrypted: new Set(), stack: "prod" });
  for (const json of ["22.1", "1e+21", '"2026-11-24 00:00:00 +0000 UTC"'])
    expect(without(json), json).toHaveProperty("problems");
  for (const json of ["22", "true", '"22.10"']) expect(without(json), json).toHaveProperty("settings");
  expect(checked("23", "22")).toHaveProperty("settings");
});

test("a credential in plain text is not shown", () => {
  const written = writtenIn("config:\n  nestfleet:env:\n    LLM_API_KEY: 7700.10\n");
  const values = { version: "1.5.0", env: '{"LLM_API_KEY":7700.1}' };
  expect(JSON.stringify(check({ values, encrypted: new Set(), stack: "prod", written }))).not.toContain("7700");
});
