import { isMap, isScalar, isSeq, parseDocument, type Scalar } from "yaml";
import { z } from "zod";

/** The scalars without quotes in one stack's file, as they are typed, by path: `env.RELEASE`. */
export type Written = ReadonlyMap<string, string>;

const NAMESPACE = "nestfleet:";

/** Reads the text of a stack's file; gives nothing where the text is not valid YAML, because Pulumi reports that. */
export function writtenIn(text: string): Written {
  const document = parseDocument(text);
  const config = document.errors.length === 0 ? document.get("config") : undefined;
  if (!isMap(config)) return new Map();
  return new Map(
    config.items.flatMap(({ key, value }) => {
      const name = keyOf(key);
      return name.startsWith(NAMESPACE) ? plainIn(value, name.slice(NAMESPACE.length)) : [];
    }),
  );
}

function plainIn(node: unknown, path: string): [string, string][] {
  if (isScalar(node)) return isPlain(node) ? [[path, node.source ?? ""]] : [];
  if (isSeq(node)) return node.items.flatMap((item, index) => plainIn(item, `${path}.${index}`));
  if (isMap(node)) return node.items.flatMap(({ key, value }) => plainIn(value, `${path}.${keyOf(key)}`));
  return [];
}

function isPlain({ type, source }: Scalar): boolean {
  return type === "PLAIN" && source !== undefined;
}

function keyOf(key: unknown): string {
  return isScalar(key) ? (key.source ?? String(key.value)) : z.coerce.string().parse(key);
}

/** A time as Go prints it; YAML makes a time of a date without quotes. */
const GO_TIME = /^(\d{4}-\d\d-\d\d) \d\d:\d\d:\d\d(?:\.\d+)? [+-]\d{4} \S+$/;

/**
 * What YAML has made of a text without quotes, where that differs from the text; undefined where it arrives as it was
 * typed. `typed` is undefined where the file is not known. Then a number counts as typed, unless it has a fraction or
 * an exponent, whose zeros and form are lost.
 */
export function changedByYaml(value: unknown, typed: string | undefined): string | undefined {
  if (!["string", "number", "boolean"].includes(typeof value)) return undefined;
  const text = String(value);
  if (typed === undefined) return isDoubtful(value, text) ? text : undefined;
  return text !== typed && means(typed, text) ? text : undefined;
}

function isDoubtful(value: unknown, text: string): boolean {
  return GO_TIME.test(text) || (typeof value === "number" && !/^-?\d+$/.test(text));
}

/**
 * Whether YAML reads a text without quotes as this value: a file other than the one in use may contain something else.
 */
function means(typed: string, text: string): boolean {
  const [, date] = GO_TIME.exec(text) ?? [];
  if (date !== undefined) return /^\d{4}-\d{1,2}-\d{1,2}/.test(typed);
  if (text === "true" || text === "false") return typed.toLowerCase() === text;
  return text.trim() !== "" && numberOf(typed) === Number(text);
}

/** Reads a number as YAML 1.1 does: `1_000`, `017` (octal), `0o17`, `0x1F`, `+5`, `.5`, `1e3`. */
function numberOf(typed: string): number {
  const digits = typed.replaceAll("_", "").replace(/^\+/, "");
  const octal = /^(-?)0([0-7]+)$/.exec(digits);
  return octal ? Number.parseInt(`${octal[1] ?? ""}${octal[2] ?? ""}`, 8) : Number(digits);
}
