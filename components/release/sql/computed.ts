import type { FuncCall, Node } from "libpg-query";
import { isFault, type Parser } from "./parser";
import { type Passage, passage } from "./passage";
import type { Unreadable } from "./statements";

/** A part of a text that is composed when the migration runs. */
interface Piece {
  /** The text of the part; undefined where it is known only when the migration runs. */
  readonly known?: string;
  /** How the file writes the part, where its text is not known. */
  readonly shown?: string;
  readonly line: number;
}

/** What an unknown part may be: most often a name, which is tried first; else a number, or a text. */
const FORMS = [(name: string) => name, () => "1", (name: string) => `'${name}'`] as const;

const UNKNOWN = /nestfleet_unknown_(\d+)_/;
const ALL_UNKNOWN = new RegExp(UNKNOWN, "g");

/** True for a name with a part that is known only when the migration runs. */
export function isUnknown(name: string): boolean {
  return UNKNOWN.test(name);
}

const SELECT = "SELECT ";

/**
 * The text that an expression of PL/pgSQL gives, such as `'DROP TABLE ' || name` or `format('DROP TABLE %I', name)`,
 * with placeholders for its unknown parts.
 */
export function computedText(parser: Parser, expression: Passage): Passage | Unreadable {
  const parsed = parser.parse(SELECT + expression.sql);
  const pieces = isFault(parsed) ? [] : piecesOf(selected(parsed[0]?.stmt), expression);
  if (!pieces.some(({ known }) => known !== undefined && known.trim() !== ""))
    return { line: expression.lineAt(0), reason: "it executes a text that it computes" };
  const texts = fitting(parser, pieces);
  const shown = pieces.map((piece) => piece.shown ?? "");
  return passage(
    texts.join(""),
    (position) => lineIn(pieces, texts, position),
    (text) => text.replace(ALL_UNKNOWN, (_, index: string) => shown[Number(index)] ?? ""),
  );
}

/** What a SELECT of one expression selects. */
function selected(statement: Node | undefined): Node | undefined {
  const [target] = statement && "SelectStmt" in statement ? (statement.SelectStmt.targetList ?? []) : [];
  return target && "ResTarget" in target ? target.ResTarget.val : undefined;
}

function piecesOf(node: Node | undefined, expression: Passage): Piece[] {
  if (node === undefined) return [];
  if ("TypeCast" in node) return piecesOf(node.TypeCast.arg, expression);
  if ("A_Const" in node && node.A_Const.sval !== undefined) {
    const position = (node.A_Const.location ?? 0) - SELECT.length;
    return [{ known: node.A_Const.sval.sval ?? "", line: expression.lineAt(position) }];
  }
  if ("A_Expr" in node && isNamed(node.A_Expr.name, "||"))
    return [...piecesOf(node.A_Expr.lexpr, expression), ...piecesOf(node.A_Expr.rexpr, expression)];
  if ("FuncCall" in node && isNamed(node.FuncCall.funcname, "format")) return formatted(node.FuncCall, expression);
  if ("FuncCall" in node && isNamed(node.FuncCall.funcname, "concat"))
    return (node.FuncCall.args ?? []).flatMap((argument) => piecesOf(argument, expression));
  return [{ shown: "…", line: expression.lineAt(0) }];
}

function isNamed(names: readonly Node[] = [], wanted: string): boolean {
  const last = names.at(-1);
  return last !== undefined && "String" in last && last.String.sval === wanted;
}

/** https://www.postgresql.org/docs/current/functions-string.html#FUNCTIONS-STRING-FORMAT */
const PLACEHOLDER = /(%(?:\d+\$)?-?(?:\d+|\*(?:\d+\$)?)?[sIL]|%%)/;

function formatted({ args = [] }: FuncCall, expression: Passage): Piece[] {
  return piecesOf(args[0], expression).flatMap((piece) => {
    let { line } = piece;
    if (piece.known === undefined) return [piece];
    return piece.known.split(PLACEHOLDER).map((text, at): Piece => {
      const own = { line };
      line += text.split("\n").length - 1;
      if (text === "%%") return { ...own, known: "%" };
      return at % 2 === 0 ? { ...own, known: text } : { ...own, shown: text };
    });
  });
}

/**
 * The texts of the pieces. Where the parser stops at an unknown piece, that piece gets another form; where no form
 * fits, all unknown pieces are names.
 */
function fitting(parser: Parser, pieces: readonly Piece[]): string[] {
  const forms = pieces.map(() => 0);
  for (;;) {
    const texts = filled(pieces, forms);
    const parsed = parser.parse(texts.join(""));
    if (!isFault(parsed)) return texts;
    const { index } = pieceAt(texts, parsed.at);
    const form = (forms[index] ?? 0) + 1;
    if (pieces[index]?.known !== undefined || form >= FORMS.length) return filled(pieces);
    forms[index] = form;
  }
}

function filled(pieces: readonly Piece[], forms: readonly number[] = []): string[] {
  return pieces.map(({ known }, at) => known ?? FORMS[forms[at] ?? 0]?.(`nestfleet_unknown_${at}_`) ?? "");
}

function lineIn(pieces: readonly Piece[], texts: readonly string[], position: number): number {
  const { index, start } = pieceAt(texts, position);
  const before = Buffer.from(texts[index] ?? "").toString("utf8", 0, position - start);
  return (pieces[index]?.line ?? 1) + (pieces[index]?.known === undefined ? 0 : before.split("\n").length - 1);
}

/** The piece in which a byte of the whole text lies, and where that piece begins. */
function pieceAt(texts: readonly string[], position: number): { readonly index: number; readonly start: number } {
  let start = 0;
  for (const [index, text] of texts.entries()) {
    const length = Buffer.byteLength(text);
    if (position < start + length || index === texts.length - 1) return { index, start };
    start += length;
  }
  return { index: 0, start: 0 };
}
