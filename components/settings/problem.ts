import type { z } from "zod";
import { configPath, pulumi } from "../release/commands";
import { looksLikeCredential, namesCredential } from "./credential";
import { nearest } from "./nearest";

/** One problem of the config, in words with which an operator can fix it without reading the code. */
export interface ConfigProblem {
  /** The path as `pulumi config` spells it: `nestfleet:backups.keep`. */
  readonly path: string;
  /** The given value, shortened; never the value of a secret. */
  readonly value: string;
  readonly rule: string;
  /** A command to type. */
  readonly fix: string;
}

type Issue = z.core.$ZodIssue;

const NAMESPACE = "nestfleet";
/** The text that replaces a secret. */
export const HIDDEN = "[secret]";
export const SECRET: readonly string[] = ["secrets", "secretEnv"];
/** User and password in a URL, which any value may contain by mistake. */
const URL_CREDENTIALS = /\/\/[^/@"]+@/g;
/** The query of a URL, which may contain a token. */
const URL_QUERY = /(?<=:\/\/[^"\s]*)\?[^"\s]+/g;
const LONGEST = 60;

/** A config as it is given, and its encrypted top-level keys, whose values are secrets whatever the key. */
export interface Given {
  readonly config: unknown;
  readonly encrypted: ReadonlySet<string>;
  readonly stack: string;
}

/** The problems that one zod issue reports: an issue can name several unknown keys. */
export function problemsBehind(issue: Issue, given: Given, keysAt: (path: PropertyKey[]) => string[]): ConfigProblem[] {
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => unknownKey([...issue.path, key], given, keysAt(issue.path)));
  }
  const { stack } = given;
  const keys = keysAt(issue.path);
  if (issue.code === "invalid_type" && keys.length > 0) {
    return [
      problem(issue.path, given, {
        rule: `an object with the keys ${keys.join(", ")}`,
        fix: remove(issue.path, stack),
      }),
    ];
  }
  const example = issue.code === "custom" ? String(issue.params?.["example"] ?? "") : "";
  return [problem(issue.path, given, { rule: issue.message, fix: set(issue.path, example, stack) })];
}

/** The report of a refused config, with all problems at once. */
export function report(problems: readonly ConfigProblem[], stack: string): string {
  const count = problems.length === 1 ? "1 problem" : `${problems.length} problems`;
  const entries = problems.map(
    ({ path, value, rule, fix }) => `  ${path} is ${value}\n    must be: ${rule}\n    fix:     ${fix}`,
  );
  return [
    `${count} in the configuration of stack ${stack} (Pulumi.${stack}.yaml); nothing was touched.`,
    ...entries,
  ].join("\n\n");
}

function unknownKey(path: PropertyKey[], given: Given, known: string[]): ConfigProblem {
  const key = String(path.at(-1));
  const meant = nearest(key, known);
  const where = path.length > 1 ? `a key of ${spelled(path.slice(0, -1))}` : "a key of this project";
  const hint = meant ? `; did you mean ${meant}?` : "";
  return problem(path, given, { rule: `${where} (${known.join(", ")})${hint}`, fix: remove(path, given.stack) });
}

/** A problem of the value at a path. The value is shown as far as it is not a secret. */
export function problem(
  path: readonly PropertyKey[],
  given: Given,
  told: Pick<ConfigProblem, "rule" | "fix">,
): ConfigProblem {
  return { path: spelled(path), value: shown(path, given), ...told };
}

function set(path: PropertyKey[], example: string, stack: string): string {
  if (SECRET.includes(String(path[0])) && path.length > 1)
    return pulumi(`config set --stack ${stack} --secret ${argument(path)}`);
  return example
    ? pulumi(`config set --stack ${stack} ${argument(path)} ${copyable(path, example)}`)
    : remove(path, stack);
}

/**
 * Keeps an example that may be copied as it is: a number, a switch, one of a few words. Any other example becomes a
 * word in capitals to replace, because a copied example would be an unwanted upgrade, or a wrong domain.
 */
function copyable(path: PropertyKey[], example: string): string {
  if (/^(?:true|false|\d+(?:\.\d+)?|[a-z]+)$/.test(example)) return example;
  const key = path.findLast((part) => typeof part === "string") ?? "value";
  return key.replaceAll(/[A-Z]/g, "-$&").toUpperCase();
}

function remove(path: PropertyKey[], stack: string): string {
  return pulumi(`config rm --stack ${stack} ${argument(path)}`);
}

function argument(path: PropertyKey[]): string {
  return path.length > 1 ? `--path '${NAMESPACE}:${configPath(path.map(String))}'` : spelled(path);
}

function spelled(path: readonly PropertyKey[]): string {
  return `${NAMESPACE}:${path.map(String).join(".")}`;
}

function shown(path: readonly PropertyKey[], { config, encrypted }: Given): string {
  const value = at(config, path);
  if (value === undefined) return "missing";
  const names = path.map(String);
  const [top = ""] = names;
  if (SECRET.includes(top) || encrypted.has(top) || names.some(namesCredential)) return HIDDEN;
  const written = JSON.stringify(value, (name, inner: unknown) => (namesCredential(name) ? HIDDEN : inner))
    .replace(URL_CREDENTIALS, `//${HIDDEN}@`)
    .replace(URL_QUERY, `?${HIDDEN}`);
  if (looksLikeCredential(written)) return HIDDEN;
  return written.length > LONGEST ? `${written.slice(0, LONGEST)}… (${written.length} characters)` : written;
}

/** The value at a path of a config; undefined where there is no value. */
export function at(config: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((inner, key) => (inner as Record<PropertyKey, unknown> | undefined)?.[key], config);
}
