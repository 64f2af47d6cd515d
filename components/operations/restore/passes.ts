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

/** Entries by the role that restores them, the owner of their table; null stands for any superuser. */
type ByOwner = ReadonlyMap<string | null, readonly Entry[]>;

/** The entries that are restored after the definitions, and the roles that restore them. */
export interface Plan {
  readonly rows: ByOwner;
  readonly rules: ByOwner;
  /** Entries of the data that are not rows. */
  readonly values: readonly Entry[];
  /** Entries after the data, without the rules. */
  readonly post: readonly Entry[];
  /** The tables of other owners to which the foreign keys of an owner refer. */
  readonly referenced: ReadonlyMap<string | null, readonly Reference["to"][]>;
}

/** The end of a restore by passes: its rows, or the error text. The plan is missing if the restore failed before it. */
type Passed = { readonly rows: Rows } | { readonly failure: string; readonly plan?: Plan };

/**
 * Restores a dump in passes. A superuser creates the definitions, while all code of the application sleeps. The code
 * that runs when rows are loaded and rules are checked runs as the owner of the table:
 *
 * 1. The definitions before the data are created, with their grants: an owner loads its tables with the rights that it
 *    has in production, so that its code may read what it needs. An owner that has revoked a right from itself gets it
 *    back for the load.
 * 2. Objects that should belong to the application are handed over. From then on the owner of a table is known,
 *    whatever the dump says.
 * 3. The rows are loaded, owner by owner. A superuser loads the rows of its own tables: their code is a superuser's,
 *    unless the superuser has used a domain or a function of another role in them.
 * 4. Values of sequences, large objects and indexes are restored.
 * 5. Checks and foreign keys that were not part of a table are created, owner by owner.
 * 6. Triggers, rules, policies, default privileges and the like are created: they would act on the rows, and no earlier
 *    pass needs them. Then the rows are counted.
 * 7. Materialized views, which PostgreSQL fills as their owner, and event triggers are created.
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

/** Lists the roles, and the present owners of tables and domains. */
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

/** Gives the owners after the handover. Mostly there is nothing to hand over, so one query asks for both. */
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

/** Groups entries by owner. Refuses an entry whose owner is not certain, because another role's code might run. */
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
        `the backup ${id} cannot be restored: the owner of ${entry.text} is not certain, because ${owner === undefined ? "no table has that name" : "tables of several owners have such a name"}; rename the object of that name, and take a new backup`,
      );
    const group = groups.get(owner);
    if (group === undefined) groups.set(owner, [entry]);
    else group.push(entry);
  }
  return groups;
}

/** Finds the referenced tables of other owners: only for these a permission is needed. */
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

/** Gives the steps after the definitions. */
export function stepsOf(plan: Plan): Step[] {
  const { rows, rules, values, post } = plan;
  const superusers = rows.get(null) ?? [];
  const [first, ...others] = indexRuns(post);
  // If the superuser loads rows anyway, the same pass restores the other values: they run no code.
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
    // If the only owner of rules has loaded the last rows, its role goes on.
    ...[...rules].flatMap(([owner, entries]) => rulesOf(plan, owner, entries, rules.size === 1 && owner === loader)),
    { do: "count", entries: ids(ofKind(post, "other")), before: DROP_LOADER },
    ...restoring(null, ofKind(post, "last")),
  ];
}

/** Gives steps that create each foreign key once more, owner by owner: their errors name all violations of the rows. */
export function foreignKeySteps(plan: Plan): Step[][] {
  return [...plan.rules].map(([owner, entries]) => rulesOf(plan, owner, entries.filter(isForeignKey)));
}

function rulesOf({ referenced }: Plan, owner: string | null, entries: readonly Entry[], goesOn = false): Step[] {
  const needed = referenced.get(owner) ?? [];
  return restoring(owner, entries, needed, goesOn && needed.length === 0);
}

/** Gives the step that restores entries as their owner, or as the superuser if a superuser owns them. */
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

/** Gives indexes, and the definitions between them, in the order of the dump: an index may need an earlier definition. */
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
