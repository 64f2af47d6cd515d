import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { schema, TEXT_KEYS } from "../../../components/settings/schema";

interface Declared {
  readonly type: string;
  readonly default: unknown;
  readonly description: string;
}

const { config } = parse(readFileSync("Pulumi.yaml", "utf8")) as { config: Record<string, Declared> };

test("Pulumi.yaml declares the keys that the program accepts, in the same order", () => {
  expect(Object.keys(config)).toEqual(Object.keys(schema.shape));
});

test("Pulumi.yaml gives each key the type that the program reads it as", () => {
  const text = Object.keys(config).filter((key) => config[key]?.type === "string");
  expect(text).toEqual(TEXT_KEYS);
});

test("the defaults of Pulumi.yaml are the program's", () => {
  const defaults = Object.fromEntries(Object.entries(config).map(([key, declared]) => [key, declared.default]));
  expect(schema.parse({ ...defaults, version: "1.5.0" })).toEqual(schema.parse({ version: "1.5.0" }));
});

test("every key is described", () => {
  for (const [key, { description }] of Object.entries(config)) expect(description, key).toMatch(/\.$/);
});
