/** A piece of SQL that means something: everything but white space and comments. */
export interface Token {
  readonly kind: "word" | "quoted" | "literal" | "symbol";
  /** Words in upper case; of a literal its content; of a quoted identifier the name with its quotes; else as written. */
  readonly text: string;
  /** As written, for showing it. */
  readonly raw: string;
  /** Line on which it starts, from 1; and that on which the content of a literal starts. */
  readonly line: number;
  /** True when nothing separates it from the token before. */
  readonly joined: boolean;
}

export interface Lexed {
  readonly tokens: readonly Token[];
  /** The texts of the `--` comments, without the dashes. */
  readonly comments: readonly string[];
}

/**
 * PostgreSQL's lexical rules, as far as they decide where a literal, a name or a comment ends
 * (https://www.postgresql.org/docs/current/sql-syntax-lexical.html). The order matters: an escape string before the
 * word E, a dollar quote before the symbol $. A placeholder of format() counts as the name that it stands for. Text that is never closed reaches to the end of the file.
 */
const LEXEMES = new RegExp(
  [
    String.raw`(?<space>\s+)`,
    String.raw`(?<comment>--[^\n\r]*)`,
    String.raw`(?<block>/\*)`,
    String.raw`(?<escaped>[eE]'[^'\\]*(?:(?:\\[^]|'')[^'\\]*)*(?:'|$))`,
    String.raw`(?<string>(?:[bBxXnN]|[uU]&)?'[^']*(?:''[^']*)*(?:'|$))`,
    String.raw`(?<quoted>(?:[uU]&)?"[^"]*(?:""[^"]*)*(?:"|$))`,
    String.raw`\$(?<tag>(?:[A-Za-z_\u0080-\u{10ffff}][\w\u0080-\u{10ffff}]*)?)\$`,
    String.raw`(?<word>%(?:\d+\$)?[IsL]\b|[A-Za-z_\u0080-\u{10ffff}][\w$\u0080-\u{10ffff}]*)`,
    String.raw`(?<symbol>\d+|[^])`,
  ].join("|"),
  "uy",
);

/** Splits SQL into tokens. `line` is the number of the first line, for SQL that stands inside other SQL. */
export function lex(sql: string, line = 1): Lexed {
  const tokens: Token[] = [];
  const comments: string[] = [];
  let joined = false;
  let position = 0;
  while (position < sql.length) {
    LEXEMES.lastIndex = position;
    const groups = LEXEMES.exec(sql)?.groups ?? {};
    const end = endOf(sql, position, groups, LEXEMES.lastIndex);
    const raw = sql.slice(position, end);
    const token = tokenOf(groups, raw);
    if (token) tokens.push({ ...token, raw, line, joined });
    if (groups["comment"] !== undefined) comments.push(groups["comment"].slice(2));
    joined = token !== undefined;
    line += raw.split("\n").length - 1;
    position = end;
  }
  return { tokens, comments };
}

type Groups = Readonly<Record<string, string | undefined>>;

/** What nests (block comments) or refers to itself (dollar quotes) has its end looked for by hand. */
function endOf(sql: string, start: number, { block, tag }: Groups, matched: number): number {
  if (block !== undefined) return endOfBlock(sql, start);
  if (tag === undefined) return matched;
  const closing = sql.indexOf(`$${tag}$`, matched);
  return closing < 0 ? sql.length : closing + tag.length + 2;
}

function endOfBlock(sql: string, start: number): number {
  let depth = 0;
  for (const { index, 0: mark } of sql.slice(start).matchAll(/\/\*|\*\//g)) {
    depth += mark === "/*" ? 1 : -1;
    if (depth === 0) return start + index + mark.length;
  }
  return sql.length;
}

function tokenOf(
  { word, quoted, escaped, string, tag, symbol }: Groups,
  raw: string,
): Pick<Token, "kind" | "text"> | undefined {
  if (word !== undefined) return { kind: "word", text: word.toUpperCase() };
  if (quoted !== undefined) return { kind: "quoted", text: quoted };
  if (symbol !== undefined) return { kind: "symbol", text: symbol };
  if (tag !== undefined) return { kind: "literal", text: raw.slice(tag.length + 2, -(tag.length + 2)) };
  const text = escaped ?? string;
  return text === undefined
    ? undefined
    : { kind: "literal", text: text.slice(text.indexOf("'") + 1, -1).replaceAll("''", "'") };
}
