import { z } from "zod";
import { configRm, configSetSecret } from "../release/commands";
import { parseExactly } from "./exact-json";
import { pinProblems } from "./pins";
import { type ConfigProblem, problemsBehind } from "./problem";
import { unquoted } from "./quoting";
import { renamedKeys } from "./renamed";
import { schema, schemaWithMovingTag, type Settings, TEXT_KEYS } from "./schema";
import type { Written } from "./written";
import { tlsProblems } from "./tls";

/** The result of the checks: the settings, or everything that must be fixed first. */
type Checked = { readonly settings: Settings } | { readonly problems: readonly ConfigProblem[] };

/** The raw config as Pulumi hands it over: every value is a string, and structured values are JSON. */
interface RawConfig {
  readonly values: Readonly<Record<string, string>>;
  /** Top-level keys that are encrypted in the stack's file. */
  readonly encrypted: ReadonlySet<string>;
  readonly stack: string;
  /** The values without quotes in the stack's file; undefined where that file cannot be read. */
  readonly written?: Written | undefined;
}

const MUST_BE_ENCRYPTED = ["secrets", "secretEnv"];

/**
 * Checks the whole config and reports all problems at once. It is pure: it changes nothing, and reads only the clock.
 */
export function check({ values, encrypted, stack, written }: RawConfig, now = Date.now()): Checked {
  const given = Object.fromEntries(Object.entries(values).map(([key, value]) => [key, structured(key, value)]));
  const config = boundToHost(given);
  const parsed = (config["allowMovingTag"] === true ? schemaWithMovingTag : schema).safeParse(config);
  const renamed = renamedKeys({ config: given, values, encrypted, stack });
  const first = [...unquoted(config, written, stack), ...renamed];
  const told = new Set(first.map(({ path }) => path));
  const issues = parsed.success ? [] : parsed.error.issues;
  const others = issues.flatMap((issue) => problemsBehind(issue, { config, encrypted, stack }, keysAt));
  const problems = [
    ...first,
    // A key that is reported already breaks a rule of the schema for the same reason.
    ...others.filter(({ path }) => !told.has(path)),
    ...MUST_BE_ENCRYPTED.filter((key) => !isEmpty(config[key]) && !encrypted.has(key)).map((key) =>
      inClear(key, stack),
    ),
    ...tlsProblems(config, stack, now),
    ...pinProblems(config, stack),
  ];
  return parsed.success && problems.length === 0 ? { settings: parsed.data } : { problems };
}

/**
 * Binds localhost to 127.0.0.1, because it is served over plain HTTP, unless the config says which hosts may reach it.
 */
function boundToHost(config: Record<string, unknown>): Record<string, unknown> {
  const { domain = "", http = {} } = config;
  if ((domain !== "" && domain !== "localhost") || typeof http !== "object" || http === null) return config;
  const { bind, tls = "auto", allowPlainHttp } = http as Record<string, unknown>;
  const open = bind !== undefined || allowPlainHttp === true || (tls !== "auto" && tls !== "internal");
  return open ? config : { ...config, http: { ...http, bind: "127.0.0.1" } };
}

/**
 * Parses JSON only where the schema expects an object or a list: the version `1.50` must stay the text that was typed.
 */
function structured(key: string, value: string): unknown {
  if (TEXT_KEYS.includes(key)) return value;
  const parsed = parseExactly(value);
  return parsed === undefined ? value : parsed;
}

function keysAt(path: PropertyKey[]): string[] {
  const keys = path.reduce<unknown>((inner, key) => shapeOf(inner)?.[key], schema);
  return Object.keys(shapeOf(keys) ?? {});
}

/** The fields of an object schema, also of one with a default or refinements. */
function shapeOf(type: unknown): Record<PropertyKey, unknown> | undefined {
  if (type instanceof z.ZodObject) return type.shape;
  if (type instanceof z.ZodPrefault || type instanceof z.ZodDefault) return shapeOf(type.unwrap());
  return undefined;
}

/** True for a missing value, and for the schema's default. */
function isEmpty(value: unknown): boolean {
  return value === undefined || (typeof value === "object" && value !== null && Object.keys(value).length === 0);
}

function inClear(key: string, stack: string): ConfigProblem {
  return {
    path: `nestfleet:${key}`,
    value: "not encrypted",
    rule: "encrypted in the stack's file",
    fix: `${configRm(stack, key)} && ${configSetSecret(stack, `${key}.NAME`)}`,
  };
}
