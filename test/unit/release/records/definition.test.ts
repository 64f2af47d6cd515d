import { describe, expect, test } from "vitest";
import { settingValues } from "../../../../components/release/records/definition";

describe("the values of a setting", () => {
  test.each([
    ["search_path", '"$user", public', ["$user", "public"]],
    [
      "search_path",
      'app, "odd schema", "with ""quotes"", and comma"',
      ["app", "odd schema", 'with "quotes", and comma'],
    ],
    ["search_path", '""', [""]],
    ["search_path", "", [""]],
    ["Search_Path", "a,b", ["a", "b"]],
    ["DateStyle", "ISO, DMY", ["ISO, DMY"]],
    ["my.greeting", `it's "here", a=b`, [`it's "here", a=b`]],
    ["statement_timeout", "5s", ["5s"]],
  ])("%s = %s", (name, value, values) => {
    expect(settingValues({ name, value })).toEqual(values);
  });
});
