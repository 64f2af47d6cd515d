/** An entry of a dump's table of contents, as `pg_restore --list` prints it. */
export interface Entry {
  /** The number by which `pg_restore --use-list` finds the entry; it reads nothing else of a line. */
  readonly id: string;
  /** Oid of the catalogue that contains the object, or 0. It distinguishes kinds, whose words could also be names. */
  readonly catalog: number;
  /** Kind, schema, name and owner, separated by spaces, and with spaces within them. */
  readonly text: string;
}

/** Reads lines such as `3459; 0 16412 TABLE DATA public pages nestfleet`; comments and empty lines are left out. */
export function entriesOf(lines: readonly string[]): Entry[] {
  return lines.flatMap((line) => {
    const [, id, catalog, text] = /^(\d+); (\d+) \d+ (.*)$/s.exec(line) ?? [];
    return id === undefined || text === undefined ? [] : [{ id, catalog: Number(catalog), text }];
  });
}

/** The name of a table or a domain, and its owner; null stands for any superuser. */
export interface Owned {
  readonly schema: string;
  readonly name: string;
  readonly owner: string | null;
}

/** Writes a name as the table of contents does: with spaces for newlines (PostgreSQL's `sanitize_line`). */
const printed = (name: string) => name.replace(/[\r\n]/g, " ");

/**
 * Finds the owners of the tables and domains that entries are about. A line does not show where one name ends and the next
 * begins, so it is compared with the existing names. A role that chooses names can make a line that fits two tables.
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

  /** Gives the owners of the tables that `TABLE DATA schema table owner` may be about. */
  public ofRows({ text }: Entry): Set<string | null> {
    const named = this.withoutOwner(text.slice("TABLE DATA ".length));
    return united(named.map((name) => this.byName.get(name)));
  }

  /**
   * Gives the owners of the tables and domains that `FK CONSTRAINT schema table rule owner` or `CHECK CONSTRAINT …` may
   * be about.
   */
  public ofRule({ text }: Entry): Set<string | null> {
    const named = this.withoutOwner(text.slice(text.indexOf(" CONSTRAINT ") + " CONSTRAINT ".length));
    return united(named.flatMap(beginnings).map((name) => this.byName.get(name)));
  }

  /** Removes the owner, which is a role of the server. It was the owner at the dump, and need not be the present one. */
  private withoutOwner(text: string): string[] {
    return this.roles.filter((role) => text.endsWith(role)).map((role) => text.slice(0, -role.length));
  }
}

/** Gives the beginnings that end before a space: for `a b c d`, these are `a`, `a b` and `a b c`. */
function beginnings(text: string): string[] {
  return [...text.matchAll(/ /g)].map(({ index }) => text.slice(0, index));
}

function united<T>(sets: readonly (ReadonlySet<T> | undefined)[]): Set<T> {
  return new Set(sets.flatMap((set) => [...(set ?? [])]));
}

/** True for the rows of a table, as opposed to the value of a sequence or a large object. */
export function isRows({ catalog, text }: Entry): boolean {
  return catalog === 0 && text.startsWith("TABLE DATA ");
}

/** The kind of an entry after the data. It decides when and as which role the entry is restored. */
export type Kind =
  /** An index, or a constraint that has an index. */
  | "index"
  /** A statement that attaches the index of a partition to the index of the whole table. */
  | "attachment"
  /** A rule for all rows: a check or a foreign key. */
  | "rule"
  /** A definition that could not come before the data, such as a function that needs a primary key. An index may use it. */
  | "definition"
  /** An entry at the end of a dump, which reads rows of other tables or reacts to changes. */
  | "last"
  | "other";

/** pg_proc, pg_type, pg_class, pg_constraint, pg_event_trigger: these oids are the same in every server. */
const FUNCTION = 1255;
const TYPE = 1247;
const RELATION = 1259;
const CONSTRAINT = 2606;
const EVENT_TRIGGER = 3466;

/** The first line that fits gives the kind; the words are those of pg_dump's `ArchiveEntry`. */
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

/**
 * True for statistics, which a dump may have from PostgreSQL 18 on. They are not restored: they would be parsed as
 * values of the columns' types, and ANALYZE makes better ones.
 */
export function isStatistics({ catalog, text }: Entry): boolean {
  return catalog === 0 && text.startsWith("STATISTICS DATA ");
}

const IDENTIFIER = String.raw`(?:"(?:[^"]|"")+"|[a-z_][a-z0-9_]*)`;
const NAME = String.raw`(${IDENTIFIER})\.(${IDENTIFIER})`;
/** Matches a foreign key as `dumpConstraint` of pg_dump writes it. */
const FOREIGN_KEY = new RegExp(
  String.raw`^ALTER TABLE (?:ONLY )?${NAME}\s+ADD CONSTRAINT ${IDENTIFIER} FOREIGN KEY \((?:[^"()]|"(?:[^"]|"")*")*\) REFERENCES ${NAME}\(`,
  "gm",
);

/** A table, and another table to which its foreign key refers. */
export interface Reference {
  readonly from: Omit<Owned, "owner">;
  readonly to: Omit<Owned, "owner">;
}

/** Reads the references from the statements of foreign keys: the table of contents does not have the referenced table. */
export function referencesIn(statements: string): Reference[] {
  return [...statements.matchAll(FOREIGN_KEY)].map(([, ...names]) => {
    const [schema = "", name = "", otherSchema = "", otherName = ""] = names.map(unquoted);
    return { from: { schema, name }, to: { schema: otherSchema, name: otherName } };
  });
}

function unquoted(name: string): string {
  return name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name;
}
