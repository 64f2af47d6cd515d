/** An entry of a dump's table of contents, as `pg_restore --list` prints it. */
export interface Entry {
  /** By which `pg_restore --use-list` knows it; of a line of such a list it reads nothing else. */
  readonly id: string;
  /** The catalogue that has what it makes, by its oid; 0 for what is in none. Tells kinds apart whose words could be names. */
  readonly catalog: number;
  /** Kind, schema, name and owner, with spaces between them and spaces within them. */
  readonly text: string;
}

/** `3459; 0 16412 TABLE DATA public pages nestfleet`; comments and empty lines are none. */
export function entriesOf(lines: readonly string[]): Entry[] {
  return lines.flatMap((line) => {
    const [, id, catalog, text] = /^(\d+); (\d+) \d+ (.*)$/s.exec(line) ?? [];
    return id === undefined || text === undefined ? [] : [{ id, catalog: Number(catalog), text }];
  });
}

/** What a table or a domain is called, and whose it is; null stands for any superuser. */
export interface Owned {
  readonly schema: string;
  readonly name: string;
  readonly owner: string | null;
}

/** Newlines in names are printed as spaces (PostgreSQL's `sanitize_line`). */
const printed = (name: string) => name.replace(/[\r\n]/g, " ");

/**
 * Whose the tables and domains are that entries are about. A line does not show where one name ends and the next begins,
 * so it is held against the names that there are. A role that may choose names can make a line that fits two tables.
 */
export class Owners {
  private readonly byName = new Map<string, Set<string | null>>();
  private readonly roles: readonly string[];

  public constructor(owned: readonly Owned[], roles: readonly string[]) {
    this.roles = roles.map((role) => ` ${printed(role)}`);
    for (const { schema, name, owner } of owned) {
      const key = `${printed(schema)} ${printed(name)}`;
      this.byName.set(key, (this.byName.get(key) ?? new Set()).add(owner));
    }
  }

  /** Of the tables of which `TABLE DATA schema table owner` may be the rows. */
  public ofRows({ text }: Entry): Set<string | null> {
    const named = this.withoutOwner(text.slice("TABLE DATA ".length));
    return united(named.map((name) => this.byName.get(name)));
  }

  /** Of the tables and domains whose rule `FK CONSTRAINT schema table rule owner` may be, or `CHECK CONSTRAINT …`. */
  public ofRule({ text }: Entry): Set<string | null> {
    const named = this.withoutOwner(text.slice(text.indexOf(" CONSTRAINT ") + " CONSTRAINT ".length));
    return united(named.flatMap(beginnings).map((name) => this.byName.get(name)));
  }

  /** The owner in a line was that of the dump, and need not be the one of now; it is one of the server's roles. */
  private withoutOwner(text: string): string[] {
    return this.roles.filter((role) => text.endsWith(role)).map((role) => text.slice(0, -role.length));
  }
}

/** `a b c` and `a b`, of `a b c d`. */
function beginnings(text: string): string[] {
  return [...text.matchAll(/ /g)].map(({ index }) => text.slice(0, index));
}

function united<T>(sets: readonly (ReadonlySet<T> | undefined)[]): Set<T> {
  return new Set(sets.flatMap((set) => [...(set ?? [])]));
}

/** Rows, as opposed to a value of a sequence or a large object. */
export function isRows({ catalog, text }: Entry): boolean {
  return catalog === 0 && text.startsWith("TABLE DATA ");
}

/** What the entries after the data are, as far as it matters who restores them, and when. */
export type Kind =
  /** An index or a constraint that has one. */
  | "index"
  /** The index of a partition becomes part of that of the whole table. */
  | "attachment"
  /** What all rows have to keep: a check, a foreign key. */
  | "rule"
  /** A definition that could not come before the data, such as a function that needs a primary key: an index may use it. */
  | "definition"
  /** What a dump has last: what reads the rows of others, and what reacts to changes. */
  | "last"
  | "other";

/** pg_proc, pg_type, pg_class, pg_constraint, pg_event_trigger: these oids are the same in every server. */
const FUNCTION = 1255;
const TYPE = 1247;
const RELATION = 1259;
const CONSTRAINT = 2606;
const EVENT_TRIGGER = 3466;

/** The first that fits; the words are those of pg_dump's `ArchiveEntry`. */
const KINDS: readonly [number, string, Kind][] = [
  [RELATION, "INDEX ", "index"],
  [RELATION, "", "definition"],
  [FUNCTION, "", "definition"],
  [TYPE, "", "definition"],
  [CONSTRAINT, "CHECK CONSTRAINT ", "rule"],
  [CONSTRAINT, "FK CONSTRAINT ", "rule"],
  [CONSTRAINT, "", "index"],
  [EVENT_TRIGGER, "", "last"],
  [0, "INDEX ATTACH ", "attachment"],
  [0, "MATERIALIZED VIEW DATA ", "last"],
  [0, "COMMENT - EVENT TRIGGER ", "last"],
];

export function kindOf({ catalog, text }: Entry): Kind {
  const found = KINDS.find(([of, words]) => catalog === of && text.startsWith(words));
  return found?.[2] ?? "other";
}

export function isForeignKey({ catalog, text }: Entry): boolean {
  return catalog === CONSTRAINT && text.startsWith("FK CONSTRAINT ");
}

/** From PostgreSQL 18 on a dump may have them. They would be read as values of the columns' types, and ANALYZE makes better ones. */
export function isStatistics({ catalog, text }: Entry): boolean {
  return catalog === 0 && text.startsWith("STATISTICS DATA ");
}

const IDENTIFIER = String.raw`(?:"(?:[^"]|"")+"|[a-z_][a-z0-9_]*)`;
const NAME = String.raw`(${IDENTIFIER})\.(${IDENTIFIER})`;
/** As `dumpConstraint` of pg_dump writes it. */
const FOREIGN_KEY = new RegExp(
  String.raw`^ALTER TABLE (?:ONLY )?${NAME}\s+ADD CONSTRAINT ${IDENTIFIER} FOREIGN KEY \((?:[^"()]|"(?:[^"]|"")*")*\) REFERENCES ${NAME}\(`,
  "gm",
);

/** A table, and one that a foreign key of it refers to. */
export interface Reference {
  readonly from: Omit<Owned, "owner">;
  readonly to: Omit<Owned, "owner">;
}

/** Of foreign keys, as statements: the table of contents does not tell to which tables they refer. */
export function referencesIn(statements: string): Reference[] {
  return [...statements.matchAll(FOREIGN_KEY)].map(([, ...names]) => {
    const [schema = "", name = "", otherSchema = "", otherName = ""] = names.map(unquoted);
    return { from: { schema, name }, to: { schema: otherSchema, name: otherName } };
  });
}

function unquoted(name: string): string {
  return name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name;
}
