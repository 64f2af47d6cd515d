import { isMap, isScalar, isSeq, parseDocument, type Scalar } from "yaml";
import { z } from "zod";

/** The scalars of one stack's file that stand there without quotes, as they are typed, by path: `env.RELEASE`. */
export type Written = ReadonlyMap<string, string>;

const NAMESPACE = "nestfleet:";

/** Of the text of a stack's file; nothing of one that is no YAML, for the engine says so. */
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

/** What Go prints of a time; YAML makes one of a date that is not quoted. */
const GO_TIME = /^(\d{4}-\d\d-\d\d) \d\d:\d\d:\d\d(?:\.\d+)? [+-]\d{4} \S+$/;

/**
 * What YAML has made of a text that was typed without quotes, where it is another text; undefined where it arrives as
 * it was typed. `typed` is undefined where the file is not known: a number may be what was typed, unless it has a
 * fraction or an exponent, whose zeros and form are gone.
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

/** Whether a text without quotes is taken for this value: another file than the one in force may say something else. */
function means(typed: string, text: string): boolean {
  const [, date] = GO_TIME.exec(text) ?? [];
  if (date !== undefined) return /^\d{4}-\d{1,2}-\d{1,2}/.test(typed);
  if (text === "true" || text === "false") return typed.toLowerCase() === text;
  return text.trim() !== "" && numberOf(typed) === Number(text);
}

/** As YAML 1.1 has numbers: `1_000`, `017` (octal), `0o17`, `0x1F`, `+5`, `.5`, `1e3`. */
function numberOf(typed: string): number {
  const digits = typed.replaceAll("_", "").replace(/^\+/, "");
  const octal = /^(-?)0([0-7]+)$/.exec(digits);
  return octal ? Number.parseInt(`${octal[1] ?? ""}${octal[2] ?? ""}`, 8) : Number(digits);
}
