import type { Node, RangeVar } from "libpg-query";
import { alterations, BOTH, BREAKS, type Harm, type Harmful, LOSES } from "./alterations";
import { nameOf, placeOfRenaming, qualified, renames } from "./alterations";
import { isUnknown } from "./computed";
import type { Parser } from "./parser";
import { isWord, textOf, tokensIn, written } from "./passage";
import type { Statement } from "./statements";

/** A statement that loses data, or after which the running version may fail. */
export interface Finding extends Harm {
  /** Line of the file, from 1, on which the destructive words begin: in a long ALTER TABLE the line of the action. */
  readonly line: number;
  /** The statement on one line, shortened. */
  readonly statement: string;
}

/**
 * Objects that are lost with their rows when they are dropped. Views, indexes, triggers and functions can be made
 * again.
 */
const HOLDS_DATA = [
  "OBJECT_TABLE",
  "OBJECT_SCHEMA",
  "OBJECT_TYPE",
  "OBJECT_DOMAIN",
  "OBJECT_SEQUENCE",
  "OBJECT_EXTENSION",
];

/** Tables that the statements so far have made, and columns to which they have given a default. */
interface Seen {
  readonly made: Set<string>;
  readonly withDefault: Set<string>;
}

/**
 * The destructive statements of a migration, in the order of the file. Statements in a DO block count, also those that
 * it executes from a text. Statements in the body of a function do not count, because they run later, if ever. A
 * migration may drop, empty and change what it has made itself before.
 *
 * The result depends on the form of the statements alone. It is a warning to the operator, not a proof, because it does
 * not see what a called function does.
 */
export function destructiveStatements(parser: Parser, statements: readonly Statement[]): Finding[] {
  return findings(parser, statements, { made: new Set(), withDefault: new Set() });
}

function findings(parser: Parser, statements: readonly Statement[], seen: Seen): Finding[] {
  return statements.flatMap((statement) => {
    const { node, passage, inside } = statement;
    // A block may make a table under a condition only, so for the statements after it that table does not count as
    // made.
    if (inside !== undefined)
      return findings(parser, inside, { made: new Set(seen.made), withDefault: new Set(seen.withDefault) });
    const found = harmsOf(parser, statement, seen);
    const made = tableMadeBy(node);
    if (made !== undefined && !isUnknown(nameOf(made))) seen.made.add(nameOf(made));
    return found.map(({ harm, at, start, end, head }) => ({
      ...harm,
      line: passage.lineAt(at),
      statement: written(parser, passage, start, end, head),
    }));
  });
}

function harmsOf(parser: Parser, statement: Statement, seen: Seen): readonly Harmful[] {
  const { node, start, end } = statement;
  const isOwn = (names: readonly string[]) => names.length > 0 && names.every((name) => seen.made.has(name));
  if ("AlterTableStmt" in node) {
    const found = alterations(parser, statement, node.AlterTableStmt, seen.withDefault);
    return isOwn(tablesIn([node.AlterTableStmt.relation])) ? [] : found;
  }
  if (renames(node)) {
    const { relation } = Object.values(node)[0] as { readonly relation?: RangeVar };
    const at = placeOfRenaming(parser, statement);
    return isOwn(tablesIn([relation])) ? [] : [{ harm: BREAKS, at, start, end }];
  }
  const { harm, tables } = wholeHarm(node);
  if (harm !== undefined) return isOwn(tables) ? [] : [{ harm, at: start, start, end }];
  return deletions(parser, statement).flatMap(({ table, at }) =>
    isOwn([table]) ? [] : [{ harm: LOSES, at, start: at, end }],
  );
}

/**
 * The harm of statements that are harmful as a whole, and their tables; no tables where other objects are concerned,
 * too.
 */
function wholeHarm(node: Node): { readonly harm?: Harm; readonly tables: readonly string[] } {
  if ("TruncateStmt" in node) {
    const relations = (node.TruncateStmt.relations ?? []).map((one) => ("RangeVar" in one ? one.RangeVar : undefined));
    return { harm: LOSES, tables: tablesIn(relations) };
  }
  if ("DropdbStmt" in node || "DropOwnedStmt" in node) return { harm: BOTH, tables: [] };
  if (!("DropStmt" in node)) return { tables: [] };
  const { removeType = "", objects = [] } = node.DropStmt;
  if (removeType === "OBJECT_FOREIGN_TABLE") return { harm: BREAKS, tables: [] };
  if (!HOLDS_DATA.includes(removeType)) return { tables: [] };
  return { harm: BOTH, tables: removeType === "OBJECT_TABLE" ? objects.map(droppedTable) : [] };
}

function droppedTable(object: Node): string {
  const items = "List" in object ? (object.List.items ?? []) : [];
  return qualified(items.flatMap((item) => ("String" in item ? [item.String.sval ?? ""] : [])));
}

function tablesIn(relations: readonly (RangeVar | undefined)[]): string[] {
  return relations.map((relation) => nameOf(relation ?? {}));
}

/** The table that a statement has certainly made: IF NOT EXISTS may find a table with rows. */
function tableMadeBy(node: Node): RangeVar | undefined {
  if ("SelectStmt" in node) return node.SelectStmt.intoClause?.rel;
  if ("CreateStmt" in node) return node.CreateStmt.if_not_exists === true ? undefined : node.CreateStmt.relation;
  if (!("CreateTableAsStmt" in node) || node.CreateTableAsStmt.if_not_exists === true) return undefined;
  return node.CreateTableAsStmt.into?.rel;
}

interface Deletion {
  readonly table: string;
  /** The position of its first word. */
  readonly at: number;
}

/** The deletions in a statement, also nested ones; not those in a function or rule that it only defines. */
function deletions(parser: Parser, { node, passage, start, end }: Statement): Deletion[] {
  if ("CreateFunctionStmt" in node || "RuleStmt" in node || !/delete/i.test(textOf(passage, start, end))) return [];
  const deleting = deletingIn(node).map((one) => ({ ...one, location: one.relation.location ?? start }));
  if (deleting.length === 0) return [];
  // The tree has the position of the table, but not of the word before it. The text after the last table may be long.
  const tokens = tokensIn(parser, passage, start, Math.max(...deleting.map(({ location }) => location)));
  return deleting
    .map(({ word, relation, location }) => {
      const found = tokens.findLast((token) => token.start < location && isWord(token, word));
      return { table: nameOf(relation), at: found?.start ?? start };
    })
    .sort((one, other) => one.at - other.at);
}

interface Deleting {
  readonly word: "DELETE" | "MERGE";
  readonly relation: RangeVar;
}

function deletingIn(tree: unknown): Deleting[] {
  if (typeof tree !== "object" || tree === null) return [];
  const inside = Object.values(tree).flatMap(deletingIn);
  const node = tree as Node;
  if ("DeleteStmt" in node) return [{ word: "DELETE", relation: node.DeleteStmt.relation ?? {} }, ...inside];
  const clauses = "MergeStmt" in node ? (node.MergeStmt.mergeWhenClauses ?? []) : [];
  const deletes = clauses.some((one) => "MergeWhenClause" in one && one.MergeWhenClause.commandType === "CMD_DELETE");
  if (!deletes || !("MergeStmt" in node)) return inside;
  return [{ word: "MERGE", relation: node.MergeStmt.relation ?? {} }, ...inside];
}
