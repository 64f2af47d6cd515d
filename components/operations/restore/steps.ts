import { sessionName, SUPERUSER } from "../../release/names";
import { PSQL, PSQL_ANSWERS, SETTINGS } from "../../host/database/psql";
import { type Database, identifier, literal } from "../../host/database/database";
import type { Needed } from "./outcome";
import { COUNT } from "../../host/database/rows";
import { DOMAINS_SLEEP, SLEEP, WAKE } from "./dormant-code";

/** One step of a restore of a dump into its new database. */
export type Step =
  /** The entries of a section are listed. */
  | { readonly do: "list"; readonly section: "data" | "post-data" }
  /** Entries are printed as statements, and not restored. */
  | { readonly do: "print"; readonly entries: readonly string[] }
  /** The definitions before the data are created, while functions and domains sleep (dormant-code.ts). */
  | { readonly do: "begin" }
  /** A role restores entries; before that, the superuser runs the statements of `before`. */
  | { readonly do: "restore"; readonly as: string; readonly entries: readonly string[]; readonly before?: string }
  /** The superuser restores entries, while functions and domains sleep (`asleep`), or only domains (`domains`). */
  | { readonly do: "asleep" | "domains"; readonly entries: readonly string[] }
  /**
   * The superuser runs the statements of `before`, puts functions and domains to sleep, restores entries, and counts the
   * rows of all tables before anything wakes, because PostgreSQL calls the functions of an index when it plans a query.
   */
  | { readonly do: "count"; readonly entries: readonly string[]; readonly before: string };

/** A dump, the new database that it fills, and how. */
export interface Filling {
  /** The server's container. */
  readonly database: Database;
  readonly name: string;
  /** Id of the backup. */
  readonly id: string;
  readonly file: string;
  readonly way: Needed["way"];
  readonly searchPath: readonly string[];
  /** Options of pg_restore in every step. */
  readonly flags: readonly string[];
  /** Further options of pg_restore when it restores without psql. */
  readonly directly: readonly string[];
  /** Settings of each session, as words of PGOPTIONS. */
  readonly settings: string;
  readonly signal: AbortSignal;
}

/** Printed by psql after the last statement: without it, psql would not notice that pg_restore ended half-way. */
const COMPLETE = "restored to its end";

/**
 * Does all steps in one `docker exec`, because each further one takes as long as a small restore. A step is three
 * words; it ends at the first step that fails. A list of entries that is too long for one word is given in several.
 *
 * With psql, pg_restore prints the dump as statements, and the statement in its first lines that empties the
 * `search_path` is replaced. The shell reads no line after that one. To stop the pipe, its last process is killed: the
 * processes before it end when they cannot write any more.
 */
const SCRIPT = `${SETTINGS}
  set -eu
  name=$1 file=$2 way=$3 path=$4 flags=$5 directly=$6 settings=$7 sleep=$8 domains=$9; shift 9
  wake=$1 count=$2; shift 2
  list=$(mktemp); said=$(mktemp); child=
  trap 'rm -f "$list" "$said"' EXIT
  trap 'kill "$child" 2>/dev/null || true; wait; exit 143' TERM

  as() {
    connection="dbname=$name user=$1 application_name=${sessionName("restore")}"
    if [ "$1" = ${SUPERUSER} ]; then PGOPTIONS="$options $settings"; else PGOPTIONS="$anyone $settings"; fi
    export PGOPTIONS
  }
  attended() { "$@" & child=$!; wait "$child"; }
  asked() { as ${SUPERUSER}; PGOPTIONS="$asking $settings"; attended ${PSQL_ANSWERS} -d "$connection" "$@"; }
  query() { asked -o /dev/null -c "$1"; }
  streamed() {
    { nice pg_restore --file=- $flags "$@" "$file" && printf '%s\\n' '\\echo ${COMPLETE}'; } | {
      while IFS= read -r line; do
        if [ "$line" = "SELECT pg_catalog.set_config('search_path', '', false);" ]; then
          printf '%s\\n' "$path"
          break
        fi
        printf '%s\\n' "$line"
      done
      cat
    } | nice ${PSQL} -q -o /dev/null -d "$connection" >"$said" &
    child=$!
    wait "$child"
    grep -q '${COMPLETE}' "$said"
  }
  restored() {
    if [ "$way" = psql ]; then
      streamed "$@"
    else
      attended nice pg_restore --dbname="$connection" $flags $directly "$@" "$file"
    fi
  }
  # An event trigger puts to sleep what is created meanwhile.
  asleep() {
    query "$1"; shift
    as ${SUPERUSER}
    if [ "$major" -ge 17 ]; then PGOPTIONS="$PGOPTIONS -c event_triggers=on"; fi
    restored "$@"
  }

  while [ $# -gt 0 ]; do
    step=$1 role=$2 text=$3; shift 3
    if [ "$step" = more ]; then
      printf '%s\\n' "$text" >>"$list"
      continue
    fi
    printf ': %s\\n' "$step"
    case $step in
      list) attended nice pg_restore --list --section="$text" $flags "$file" ;;
      print) attended nice pg_restore --file=- --use-list="$list" $flags "$file" ;;
      begin) asleep "$sleep" --section=pre-data; query "$wake" ;;
      asleep) asleep "$sleep" --use-list="$list"; query "$wake" ;;
      domains) asleep "$domains" --use-list="$list"; query "$wake" ;;
      restore)
        if [ "$text" != - ]; then query "$text"; fi
        as "$role"
        restored --use-list="$list"
        ;;
      count)
        asleep "$text $sleep" --use-list="$list"
        printf '%s\\n' "$count" '\\o /dev/null' "$wake" >"$list"
        asked -f "$list"
        ;;
    esac
    : >"$list"
  done`;

/** Number of entries in one word, for which Linux has room for 128 kB. */
const AT_ONCE = 10_000;

interface Done {
  /** Error output if a step failed; otherwise undefined. */
  readonly failure: string | undefined;
  /** Output of each step; steps that were not begun are missing. */
  readonly output: readonly (readonly string[])[];
}

/** Does the steps of a restore, until one fails. */
export async function doSteps(filling: Filling, steps: readonly Step[]): Promise<Done> {
  const { database, name, file, way, flags, directly, settings, searchPath, signal } = filling;
  const path = `SELECT pg_catalog.set_config('search_path', ${literal(searchPath.map(identifier).join(", "))}, false);`;
  const given = [
    name,
    file,
    way,
    path,
    flags.join(" "),
    directly.join(" "),
    settings,
    SLEEP,
    DOMAINS_SLEEP,
    WAKE,
    COUNT,
  ];
  const output: string[][] = [];
  const { exitCode, stderr } = await database.run(["sh", "-c", SCRIPT, "-", ...given, ...steps.flatMap(words)], {
    signal,
    onLine: (line) => {
      if (line.startsWith(": ")) output.push([]);
      else output.at(-1)?.push(line);
    },
  });
  const failure = exitCode === 0 ? undefined : stderr === "" ? `the restore ended with exit code ${exitCode}` : stderr;
  return { failure, output };
}

function words(step: Step): string[] {
  if (step.do === "list") return ["list", "-", step.section];
  if (step.do === "begin") return ["begin", "-", "-"];
  const { entries } = step;
  const parts = Array.from({ length: Math.ceil(entries.length / AT_ONCE) }, (_, part) =>
    entries.slice(part * AT_ONCE, (part + 1) * AT_ONCE).join("\n"),
  );
  const role = step.do === "restore" ? step.as : "-";
  const before = "before" in step ? step.before : "-";
  return [...parts.flatMap((part) => ["more", "-", part]), step.do, role, before];
}
