import type { Token } from "./tokens";

export type Statement = readonly Token[];

const OPENING = new Set(["(", "["]);
const CLOSING = new Set([")", "]"]);

/** Splits at every `separator` that stands outside parentheses and brackets; empty parts are left out. */
export function split(tokens: readonly Token[], separator: ";" | ","): Statement[] {
  let depth = 0;
  return parts(tokens, (token) => {
    depth += nesting(token);
    return depth === 0 && is(token, separator);
  });
}

/**
 * The statements of a file. The body of a function in standard SQL (BEGIN ATOMIC … END) is part of its CREATE,
 * semicolons included.
 */
export function statementsOf(tokens: readonly Token[]): Statement[] {
  let depth = 0;
  let blocks = 0;
  let before: Token | undefined;
  return parts(tokens, (token) => {
    depth += nesting(token);
    if (blocks > 0) blocks += is(token, "CASE") ? 1 : is(token, "END") ? -1 : 0;
    else if (is(token, "ATOMIC") && is(before, "BEGIN")) blocks = 1;
    before = token;
    return depth === 0 && blocks === 0 && is(token, ";");
  });
}

/** Words of PL/pgSQL after which a statement begins. */
const INTRODUCING = new Set(["BEGIN", "THEN", "ELSE", "LOOP", "DECLARE"]);

/** The statements of a PL/pgSQL block, without the control structures around them. */
export function statementsOfBlock(tokens: readonly Token[]): Statement[] {
  let depth = 0;
  let cases = 0;
  let before: Token | undefined;
  return parts(tokens, (token) => {
    depth += nesting(token);
    const starts = before === undefined || is(before, ";") || INTRODUCING.has(word(before));
    // At the start of a statement CASE is a control structure, and END CASE its end; elsewhere it is an expression.
    if (is(token, "CASE") && !starts && !is(before, "END")) cases++;
    else if (is(token, "END") && cases > 0) cases--;
    before = token;
    return depth === 0 && cases === 0 && (is(token, ";") || INTRODUCING.has(word(token)));
  });
}

function parts(tokens: readonly Token[], separates: (token: Token) => boolean): Statement[] {
  const found: Token[][] = [[]];
  for (const token of tokens) {
    if (separates(token)) found.push([]);
    else found.at(-1)?.push(token);
  }
  return found.filter((part) => part.length > 0);
}

/** The text of `DO [LANGUAGE name] 'text'`; the name may be a literal, too. */
export function bodyOfBlock(statement: Statement): Token | undefined {
  if (!is(statement[0], "DO")) return undefined;
  return statement.find(({ kind }, at) => kind === "literal" && !is(statement[at - 1], "LANGUAGE"));
}

/** The tokens outside parentheses and brackets. */
export function outermost(tokens: readonly Token[]): Statement {
  let depth = 0;
  return tokens.filter((token) => {
    const before = depth;
    depth += nesting(token);
    return before === 0 && depth === 0;
  });
}

/** What stands before the parenthesis that closes around it. */
export function upToParenthesis(tokens: readonly Token[]): Statement {
  let depth = 0;
  const closing = tokens.findIndex((token) => (depth += nesting(token)) < 0);
  return closing < 0 ? tokens : tokens.slice(0, closing);
}

function nesting(token: Token): number {
  if (token.kind !== "symbol") return 0;
  return OPENING.has(token.text) ? 1 : CLOSING.has(token.text) ? -1 : 0;
}

/** A keyword or a symbol; never a quoted name or a literal of the same spelling. */
export function is(token: Token | undefined, text: string): boolean {
  return token?.text === text && (token.kind === "word" || token.kind === "symbol");
}

/** The keyword that a token is; empty when it is none. */
export function word(token: Token | undefined): string {
  return token?.kind === "word" ? token.text : "";
}

/** True when the keywords stand in the statement, one right after the other, from `at` on. */
export function follows(statement: Statement, at: number, ...words: readonly string[]): boolean {
  return words.every((expected, index) => is(statement[at + index], expected));
}

/** The index after the keywords that stand at `at`, each of which may be missing. */
export function after(statement: Statement, at: number, ...optional: readonly string[]): number {
  return optional.reduce((index, expected) => (is(statement[index], expected) ? index + 1 : index), at);
}

/** A name that may be qualified (`public.cases`), as it is compared: the folded form of unquoted parts; and where it ends. */
export function nameAt(statement: Statement, at: number): { readonly name: string; readonly end: number } {
  let end = at + 1;
  while (is(statement[end], ".")) end += 2;
  const name = statement.slice(at, end).map(({ kind, text }) => (kind === "word" ? `"${text.toLowerCase()}"` : text));
  return { name: name.join(""), end };
}

/** The statement on one line, as written, comments left out. */
export function written(statement: Statement): string {
  return statement
    .map(({ raw, joined }, index) => (index > 0 && !joined ? " " : "") + raw.replace(/\s+/g, " "))
    .join("");
}
