import { sessionName, SUPERUSER } from "../../release/names";
import { PSQL, PSQL_ANSWERS, SETTINGS } from "../../host/database/psql";
import { type Database, identifier, literal } from "../../host/database/database";
import type { Needed } from "./outcome";
import { COUNT } from "../../host/database/rows";
import { DOMAINS_SLEEP, SLEEP, WAKE } from "./dormant-code";

/** What is done with a dump, in its new database. */
export type Step =
  /** Its entries of a section are listed. */
  | { readonly do: "list"; readonly section: "data" | "post-data" }
  /** Entries are put out as statements, and nothing is done. */
  | { readonly do: "print"; readonly entries: readonly string[] }
  /** All that comes before the data is made, while everything sleeps. */
  | { readonly do: "begin" }
  /** Entries are restored as a role; before that, the superuser runs statements. */
  | { readonly do: "restore"; readonly as: string; readonly entries: readonly string[]; readonly before?: string }
  /** The superuser restores entries while everything sleeps, or the domains alone. */
  | { readonly do: "asleep" | "domains"; readonly entries: readonly string[] }
  /**
   * The same, and the rows of its tables are counted before anything wakes: to plan a query computes what an index is of.
   * Also while everything sleeps, but before it, the superuser runs statements.
   */
  | { readonly do: "count"; readonly entries: readonly string[]; readonly before: string };

/** A dump, the new database that it fills, and how. */
export interface Filling {
  /** The server's container. */
  readonly database: Database;
  readonly name: string;
  /** Of the backup. */
  readonly id: string;
  readonly file: string;
  readonly way: Needed["way"];
  readonly searchPath: readonly string[];
  /** Of pg_restore, whatever it does. */
  readonly flags: readonly string[];
  /** Of pg_restore when it restores by itself. */
  readonly directly: readonly string[];
  /** Of each session, as words of PGOPTIONS. */
  readonly settings: string;
  readonly signal: AbortSignal;
}

/** Printed by psql after the last statement: where pg_restore ends half-way, psql takes that for the end. */
const COMPLETE = "restored to its end";

/**
 * Does the steps, which are given as three words each, one after the other: whatever is started from outside takes as
 * long as a small restore. It ends at the first that fails. A list of entries that is too long for a word comes in several.
 *
 * Through psql, a dump goes as statements; the one that empties the `search_path`, in its first lines, is replaced. The
 * shell reads no further than that line. A pipe is stopped by its last process: those before have nothing to write to then.
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
  # What is made meanwhile falls asleep by an event trigger.
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

/** Entries in one word: Linux has room for 128 kB in it. */
const AT_ONCE = 10_000;

interface Done {
  /** What it said when it failed; undefined when it did not. */
  readonly failure: string | undefined;
  /** What each step has put out; those that were not begun are missing. */
  readonly output: readonly (readonly string[])[];
}

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
  const failure = exitCode === 0 ? undefined : stderr === "" ? `it ends with exit code ${exitCode}` : stderr;
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
