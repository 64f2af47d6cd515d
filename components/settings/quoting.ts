import { pulumi, shellWord } from "../release/commands";
import { CREDENTIAL } from "./credential";
import { type ConfigProblem, SECRET } from "./problem";
import { TEXT_KEYS } from "./schema";
import { changedByYaml, type Written } from "./written";

/** The object whose values are always texts, whatever they look like. Secrets are encrypted, and so quoted. */
const TEXTS = "env";

/**
 * Reports values that YAML has changed because they have no quotes in the stack's file: a release `22.10` arrives as
 * 22.1, a word `2026-11-24` as a time. Only values that are meant as text are reported, because a number may be written
 * in any way. A credential is reported elsewhere, and is not shown.
 */
export function unquoted(
  config: Readonly<Record<string, unknown>>,
  written: Written | undefined,
  stack: string,
): ConfigProblem[] {
  return Object.entries(config)
    .filter(([key]) => !SECRET.includes(key))
    .flatMap(([key, value]) => texts([key], value))
    .filter(({ path }) => !CREDENTIAL.test(path.at(-1) ?? ""))
    .flatMap((found) => changed(found, written, stack));
}

interface Found {
  readonly path: readonly string[];
  readonly value: unknown;
}

/** The values that are meant as text, with their paths. Other values have rules of their own. */
function texts(path: readonly string[], value: unknown): Found[] {
  if (typeof value === "object" && value !== null)
    return Object.entries(value).flatMap(([key, inner]) => texts([...path, key], inner));
  const [key = ""] = path;
  return typeof value === "string" || key === TEXTS || TEXT_KEYS.includes(key) ? [{ path, value }] : [];
}

function changed({ path, value }: Found, written: Written | undefined, stack: string): ConfigProblem[] {
  const typed = written?.get(path.join("."));
  if (written !== undefined && typed === undefined) return []; // quoted
  if (changedByYaml(value, typed) === undefined) return [];
  const spelled = path.reduce((before, key) => (/^\d+$/.test(key) ? `${before}[${key}]` : `${before}.${key}`));
  const option = path.length > 1 ? `--path 'nestfleet:${spelled}'` : `nestfleet:${spelled}`;
  const given = typed === undefined ? "VALUE" : shellWord(typed);
  return [
    {
      path: `nestfleet:${spelled}`,
      value: typed === undefined ? String(value) : `${String(value)}, which YAML makes of ${typed}`,
      rule: "in quotes in the stack's file, so that it arrives as it is typed",
      fix: pulumi(`config set --stack ${stack} --type string ${option} ${given}`),
    },
  ];
}
