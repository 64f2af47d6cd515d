import type { AlterTableCmd, AlterTableStmt, ColumnDef, Node, ObjectType, RangeVar, ScanToken } from "libpg-query";
import type { Parser } from "./parser";
import { isWord, nesting, tokensIn } from "./passage";
import type { Statement } from "./statements";

/**
 * What a destructive statement does. Both can be true: a dropped column is lost, and the running version may read it.
 */
export interface Harm {
  readonly losesData: boolean;
  readonly breaksRunning: boolean;
}

export const LOSES: Harm = { losesData: true, breaksRunning: false };
export const BREAKS: Harm = { losesData: false, breaksRunning: true };
export const BOTH: Harm = { losesData: true, breaksRunning: true };

/** A harmful part of a statement, and its place in the passage. */
export interface Harmful {
  readonly harm: Harm;
  /** The position where the destructive words begin. */
  readonly at: number;
  /** The part that is shown. */
  readonly start: number;
  readonly end: number;
  /** The words that are shown before that part. */
  readonly head?: string;
}

/**
 * Objects that the running version finds by name. It does not notice a new name of an index, trigger, policy or
 * constraint.
 */
const CALLED_BY_NAME = new Set<ObjectType | undefined>([
  ...(["OBJECT_TABLE", "OBJECT_FOREIGN_TABLE", "OBJECT_VIEW", "OBJECT_MATVIEW", "OBJECT_COLUMN"] as const),
  ...(["OBJECT_TYPE", "OBJECT_ATTRIBUTE", "OBJECT_DOMAIN", "OBJECT_SCHEMA", "OBJECT_SEQUENCE"] as const),
  ...(["OBJECT_FUNCTION", "OBJECT_PROCEDURE", "OBJECT_ROUTINE", "OBJECT_DATABASE"] as const),
]);

/** Whether a statement renames an object that the running version finds by name. */
export function renames(node: Node): boolean {
  if ("RenameStmt" in node) return CALLED_BY_NAME.has(node.RenameStmt.renameType);
  if ("AlterObjectSchemaStmt" in node) return CALLED_BY_NAME.has(node.AlterObjectSchemaStmt.objectType);
  return "AlterEnumStmt" in node && node.AlterEnumStmt.oldVal !== undefined;
}

/** The position of the words that rename. The tree does not have it. */
export function placeOfRenaming(parser: Parser, { node, passage, start, end }: Statement): number {
  const tokens = tokensIn(parser, passage, start, end);
  const isOfSchema = "AlterObjectSchemaStmt" in node;
  // RENAME, SET and SCHEMA may be names, too: of a table before these words, and of the renamed object after them. TO
  // is
  // never a name without quotes.
  const to = tokens.findLastIndex((token) => isWord(token, "TO"));
  const old = "RenameStmt" in node && node.RenameStmt.subname !== undefined ? to - 1 : to;
  const found = isOfSchema
    ? tokens.findLast((token, at) => isWord(token, "SET") && isWord(tokens[at + 1], "SCHEMA"))
    : tokens.slice(0, Math.max(old, 0)).findLast((token) => isWord(token, "RENAME"));
  return found?.start ?? start;
}

/** The name of a table for comparisons; it is qualified where the statement qualifies it. */
export function nameOf({ schemaname, relname = "" }: RangeVar): string {
  return qualified([...(schemaname === undefined ? [] : [schemaname]), relname]);
}

export function qualified(names: readonly string[]): string {
  return JSON.stringify(names);
}

/**
 * The harmful actions of an ALTER TABLE, which may have several. `withDefault` has the columns to which this migration
 * has given a default so far; this function adds to it.
 */
export function alterations(
  parser: Parser,
  statement: Statement,
  { relation = {}, cmds = [] }: AlterTableStmt,
  withDefault: Set<string>,
): Harmful[] {
  const actions = cmds.flatMap((cmd) => ("AlterTableCmd" in cmd ? [cmd.AlterTableCmd] : []));
  const column = (name = "") => `${nameOf(relation)} ${name}`;
  for (const action of actions) for (const name of givenDefault(action)) withDefault.add(column(name));
  const harms = actions.map((action) => harmOf(action, (name) => withDefault.has(column(name))));
  if (harms.every((harm) => harm === undefined)) return [];
  const whole = { at: statement.start, start: statement.start, end: statement.end };
  const places = placesOf(parser, statement, relation, actions.length);
  return harms.flatMap((harm, at) => (harm === undefined ? [] : [{ harm, ...(places[at] ?? whole) }]));
}

function harmOf({ subtype, name, def }: AlterTableCmd, hasOne: (column?: string) => boolean): Harm | undefined {
  switch (subtype) {
    case "AT_DropColumn":
      return BOTH;
    case "AT_AlterColumnType":
      return LOSES;
    case "AT_SetNotNull":
      return hasOne(name) ? undefined : BREAKS;
    case "AT_AddConstraint":
      return forbidsNull(def).every(hasOne) ? undefined : BREAKS;
    case "AT_AddColumn":
      return demandsValue(columnIn(def)) ? BREAKS : undefined;
    default:
      return undefined;
  }
}

/** The columns of `ADD CONSTRAINT name NOT NULL column`, which PostgreSQL knows since 18. */
function forbidsNull(constraint: Node | undefined): string[] {
  if (!constraint || !("Constraint" in constraint) || constraint.Constraint.contype !== "CONSTR_NOTNULL") return [];
  return (constraint.Constraint.keys ?? []).flatMap((key) => ("String" in key ? [key.String.sval ?? ""] : []));
}

/** A new column that the running version, which does not know it, must fill. */
function demandsValue(column: ColumnDef): boolean {
  return hasConstraint(column, "CONSTR_NOTNULL", "CONSTR_PRIMARY") && !hasDefault(column);
}

/** Types that include a default. */
const SERIALS = new Set(["serial", "smallserial", "bigserial", "serial2", "serial4", "serial8"]);

function hasDefault(column: ColumnDef): boolean {
  const [type, ...more] = column.typeName?.names ?? [];
  const isSerial = type !== undefined && more.length === 0 && "String" in type && SERIALS.has(type.String.sval ?? "");
  return isSerial || hasConstraint(column, "CONSTR_DEFAULT", "CONSTR_GENERATED", "CONSTR_IDENTITY");
}

function hasConstraint({ constraints = [] }: ColumnDef, ...wanted: readonly string[]): boolean {
  return constraints.some((one) => "Constraint" in one && wanted.includes(one.Constraint.contype ?? ""));
}

function columnIn(def: Node | undefined): ColumnDef {
  return def && "ColumnDef" in def ? def.ColumnDef : {};
}

function givenDefault({ subtype, name = "", def }: AlterTableCmd): string[] {
  const column = columnIn(def);
  if (subtype === "AT_AddColumn") return hasDefault(column) ? [column.colname ?? ""] : [];
  return (subtype === "AT_ColumnDefault" && def !== undefined) || subtype === "AT_AddIdentity" ? [name] : [];
}

/**
 * The positions of the actions, which the tree does not have. Commas outside of parentheses separate the actions, after
 * the name of the table. Empty where this finds another number of actions than the tree has.
 */
function placesOf(
  parser: Parser,
  { passage, start, end }: Statement,
  { location = start }: RangeVar,
  count: number,
): Omit<Harmful, "harm">[] {
  const tokens = tokensIn(parser, passage, start, end);
  const first = afterName(tokens, location);
  const head = tokens.slice(0, first).filter(({ text }) => text !== "*");
  const places = separated(tokens.slice(first)).map((place) => ({
    at: place.start,
    ...place,
    head: head.map(({ text, start: at }, index) => (head[index - 1]?.end === at ? "" : " ") + text).join(""),
  }));
  return places.length === count ? places : [];
}

/**
 * The index after the name at a position, which may be qualified, and its asterisk or the parenthesis of ONLY ( name ).
 */
function afterName(tokens: readonly ScanToken[], position: number): number {
  let at = tokens.findIndex(({ start }) => start >= position) + 1;
  while (tokens[at]?.text === ".") at += 2;
  return tokens[at]?.text === "*" || tokens[at]?.text === ")" ? at + 1 : at;
}

function separated(tokens: readonly ScanToken[]): { readonly start: number; readonly end: number }[] {
  const places: { start: number; end: number }[] = [];
  let depth = 0;
  let place: { start: number; end: number } | undefined;
  for (const { text, start, end } of tokens) {
    depth += nesting(text);
    if (text === "," && depth === 0) place = undefined;
    else if (place === undefined) places.push((place = { start, end }));
    else place.end = end;
  }
  return places;
}
