import { LOADER, SUPERUSER } from "../../release/names";
import { TO_HAND_OVER } from "../../host/database/ownership";
import {
  entriesOf,
  type Entry,
  isForeignKey,
  isRows,
  isStatistics,
  type Kind,
  kindOf,
  type Owned,
  Owners,
  type Reference,
  referencesIn,
} from "./archive-contents";
import type { Database } from "../../host/database/database";
import { handOverObjects } from "../../host/database/handover";
import { DROP_LOADER, makeLoader, ownerOf } from "../../host/database/loader";
import { Unrestorable } from "./outcome";
import { counted, type Rows } from "../../host/database/rows";
import { doSteps, type Filling, type Step } from "./steps";
import { BODIES } from "./dormant-code";

/** Entries by the owner as whom they are restored; null stands for any superuser. */
type ByOwner = ReadonlyMap<string | null, readonly Entry[]>;

/** What is restored after the definitions, and as whom. */
export interface Plan {
  readonly rows: ByOwner;
  readonly rules: ByOwner;
  /** Of the data, what is not rows. */
  readonly values: readonly Entry[];
  /** After the data, without the rules. */
  readonly post: readonly Entry[];
  /** The tables of other owners to which the foreign keys of an owner refer. */
  readonly referenced: ReadonlyMap<string | null, readonly Reference["to"][]>;
}

/** How a restore by passes ended: with its rows, or with what was said; the plan is missing where it had not come so far. */
type Passed = { readonly rows: Rows } | { readonly failure: string; readonly plan?: Plan };

/**
 * Restores a dump in passes. A superuser makes the definitions, while all code of the application's sleeps; what then
 * runs of it, when rows are loaded and rules are checked, runs as the owner of the table:
 *
 * 1. what comes before the data, with its grants: an owner loads its tables with the rights that it has in production,
 *    and what code of its own reads it may read. An owner that has taken a right from itself gets it for the load.
 * 2. what is to be the application's is handed over. From then on it is known whose a table is, whatever the dump says.
 * 3. the rows, owner by owner. Those of a superuser's table he loads himself: its code is a superuser's, unless he has
 *    put a domain or a function of another role into it.
 * 4. values of sequences and large objects, indexes.
 * 5. checks and foreign keys that were not part of a table, owner by owner.
 * 6. triggers, rules, policies, default privileges and the like: they would act on the rows, and nothing above needs them.
 *    Then the rows are counted.
 * 7. materialized views, which PostgreSQL fills as their owner, and event triggers.
 */
export async function restoreByPasses(filling: Filling, toHandOver: boolean): Promise<Passed> {
  const sections = ["data", "post-data"] as const;
  const lists = sections.map((section) => ({ do: "list", section }) as const);
  const begun = await doSteps(filling, [...lists, { do: "begin" }]);
  if (begun.failure !== undefined) return { failure: begun.failure };
  const [data = [], post = []] = begun.output.map(entriesOf);
  const plan = await planOf(filling, { data, post }, await ownersIn(filling.database, filling.name, toHandOver));
  const steps = stepsOf(plan);
  const { failure, output } = await doSteps(filling, steps);
  if (failure !== undefined) return { failure, plan };
  const found = Object.entries(counted(output[steps.findIndex((step) => step.do === "count")] ?? []));
  return { rows: Object.fromEntries(found.filter(([table]) => table !== BODIES)) };
}

/** As they are now, after the application got what is its own. */
const OWNED = `
  SELECT json_build_object(
    'roles', (SELECT json_agg(rolname) FROM pg_roles),
    'owned', (SELECT coalesce(json_agg(json_build_object('schema', n.nspname, 'name', o.name,
                       'owner', CASE WHEN NOT r.rolsuper THEN r.rolname END)), '[]')
                FROM (SELECT relnamespace AS schema, relname AS name, ${ownerOf("relowner")} AS owner FROM pg_class
                       WHERE relkind IN ('r', 'p', 'f')
                      UNION ALL
                      SELECT typnamespace, typname, ${ownerOf("typowner")} FROM pg_type WHERE typtype = 'd') o
                JOIN pg_namespace n ON n.oid = o.schema JOIN pg_roles r ON r.oid = o.owner
               WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'));`;

interface Ownership {
  readonly roles: readonly string[];
  readonly owned: readonly Owned[];
}

/** After the application got what is its own: mostly there is nothing to hand over, and that is asked along with it. */
async function ownersIn(database: Database, name: string, toHandOver: boolean): Promise<Ownership> {
  const [count, answer = ""] = await database.query(`${toHandOver ? TO_HAND_OVER : "SELECT 0;"} ${OWNED}`, name);
  if (count === "0") return JSON.parse(answer) as Ownership;
  await handOverObjects(database, name);
  return ownersIn(database, name, false);
}

async function planOf(
  filling: Filling,
  { data, post }: Record<"data" | "post", readonly Entry[]>,
  { roles, owned }: Ownership,
): Promise<Plan> {
  const owners = new Owners(owned, roles);
  const rules = post.filter((entry) => kindOf(entry) === "rule");
  return {
    rows: grouped(data.filter(isRows), (entry) => owners.ofRows(entry), filling),
    rules: grouped(rules, (entry) => owners.ofRule(entry), filling),
    values: data.filter((entry) => !isRows(entry) && !isStatistics(entry)),
    post: post.filter((entry) => kindOf(entry) !== "rule" && !isStatistics(entry)),
    referenced: await referencedBy(filling, rules, owned),
  };
}

/** Refuses where it cannot be told whose code would run. */
function grouped(
  entries: readonly Entry[],
  ownersOf: (entry: Entry) => ReadonlySet<string | null>,
  { id }: Filling,
): ByOwner {
  const groups = new Map<string | null, Entry[]>();
  for (const entry of entries) {
    const [owner, ...others] = ownersOf(entry);
    if (owner === undefined || others.length > 0)
      throw new Unrestorable(
        `the backup ${id} cannot be restored: whose ${entry.text} is cannot be told, because ${owner === undefined ? "no table has such a name" : "tables of several owners have names that are alike"}; rename what is of that name, and make a backup`,
      );
    const group = groups.get(owner);
    if (group === undefined) groups.set(owner, [entry]);
    else group.push(entry);
  }
  return groups;
}

/** Only for tables of others permissions are needed. */
async function referencedBy(
  filling: Filling,
  rules: readonly Entry[],
  owned: readonly Owned[],
): Promise<Plan["referenced"]> {
  const found = new Map<string | null, Reference["to"][]>();
  if (rules.length === 0 || new Set(owned.map(({ owner }) => owner)).size < 2) return found;
  const { output } = await doSteps(filling, [{ do: "print", entries: ids(rules) }]);
  const owners = new Map(owned.map((table) => [nameOf(table), table.owner]));
  for (const { from, to } of referencesIn((output[0] ?? []).join("\n"))) {
    const owner = owners.get(nameOf(from)) ?? null;
    if (owner !== owners.get(nameOf(to))) found.set(owner, [...(found.get(owner) ?? []), to]);
  }
  return found;
}

const nameOf = ({ schema, name }: Reference["to"]) => JSON.stringify([schema, name]);
const ids = (entries: readonly Entry[]) => entries.map(({ id }) => id);

/** After the definitions. */
export function stepsOf(plan: Plan): Step[] {
  const { rows, rules, values, post } = plan;
  const superusers = rows.get(null) ?? [];
  const [first, ...others] = indexRuns(post);
  // A pass that the superuser makes anyway takes along what is no row: that has no code.
  const alone = superusers.length > 0;
  const loaded = [...rows].filter(([owner]) => owner !== null);
  const loader = loaded.at(-1)?.[0];
  return [
    ...loaded.flatMap(([owner, entries]) => restoring(owner, entries)),
    ...restoring(null, alone ? [...superusers, ...values] : []),
    ...asleep("domains", [...(alone ? [] : values), ...(first?.indexes ?? [])]),
    ...asleep("asleep", first?.definitions ?? []),
    ...others.flatMap(({ indexes, definitions }) => [...asleep("domains", indexes), ...asleep("asleep", definitions)]),
    ...asleep("asleep", ofKind(post, "attachment")),
    // The one that has loaded the last rows goes on, where it is the only one.
    ...[...rules].flatMap(([owner, entries]) => rulesOf(plan, owner, entries, rules.size === 1 && owner === loader)),
    { do: "count", entries: ids(ofKind(post, "other")), before: DROP_LOADER },
    ...restoring(null, ofKind(post, "last")),
  ];
}

/** Foreign keys once more, owner by owner: what they complain of is all that is wrong with the rows. */
export function foreignKeySteps(plan: Plan): Step[][] {
  return [...plan.rules].map(([owner, entries]) => rulesOf(plan, owner, entries.filter(isForeignKey)));
}

function rulesOf({ referenced }: Plan, owner: string | null, entries: readonly Entry[], goesOn = false): Step[] {
  const needed = referenced.get(owner) ?? [];
  return restoring(owner, entries, needed, goesOn && needed.length === 0);
}

/** By the owner, or, for what is a superuser's, by him. */
function restoring(
  owner: string | null,
  entries: readonly Entry[],
  referenced: readonly Reference["to"][] = [],
  goesOn = false,
): Step[] {
  if (entries.length === 0) return [];
  if (owner === null) return [{ do: "restore", as: SUPERUSER, entries: ids(entries) }];
  const before = goesOn ? {} : { before: makeLoader(owner, referenced) };
  return [{ do: "restore", as: LOADER, entries: ids(entries), ...before }];
}

function asleep(how: "asleep" | "domains", entries: readonly Entry[]): Step[] {
  return entries.length === 0 ? [] : [{ do: how, entries: ids(entries) }];
}

function ofKind(entries: readonly Entry[], kind: Kind): Entry[] {
  return entries.filter((entry) => kindOf(entry) === kind);
}

interface Run {
  readonly indexes: Entry[];
  readonly definitions: Entry[];
}

/** Indexes, and definitions between them: in the order of the dump, because an index may need the one before it. */
function indexRuns(post: readonly Entry[]): Run[] {
  const runs: Run[] = [{ indexes: [], definitions: [] }];
  for (const entry of post) {
    const kind = kindOf(entry);
    const last = runs.at(-1);
    if (kind === "definition") last?.definitions.push(entry);
    else if (kind === "index" && last?.definitions.length === 0) last.indexes.push(entry);
    else if (kind === "index") runs.push({ indexes: [entry], definitions: [] });
  }
  return runs;
}
