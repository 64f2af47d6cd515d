import { MIGRATIONS_TABLE } from "./records/tables";
import { script } from "./commands";
import { diskUses } from "./estimate";
import { mayRun, type PendingMigration } from "./sql/migrations";
import type { Plan } from "./plan";
import type { GuardProblem } from "./guards/problem";
import type { ExpiringDatabase } from "./records/replaced";
import type { RestoreImpact } from "./restore-impact";
import { duration, shortId, size } from "./units";
import { oneLine, printable } from "./words";

const LABEL_WIDTH = 13;
const TABLES_SHOWN = 6;

/** The plan in the few lines that preview and update print. Plain text: it is read in logs, too. */
export function summary(plan: Plan): string {
  const lines = [
    headline(plan),
    ...unreachable(plan),
    ...migrations(plan),
    ...restore(plan),
    ...backup(plan),
    ...disk(plan),
    ...restarts(plan),
    ...images(plan),
    ...reindex(plan),
    ...entry("downtime", plan.downtime),
    ...rollback(plan),
    ...replacedDatabases(plan),
    ...plan.warnings.flatMap((warning) => entry("warning", warning)),
  ];
  return printable([...lines, ...refusal(plan.problems)].join("\n"));
}

function headline({ kind, step, from, to }: Plan): string {
  const what = kind === "refusal" ? `refused: ${step}` : step;
  if (step === "restart" || step === "install") return `${what} ${to.tag}`;
  if (step === "restore") return `${what} the data of ${to.tag}`;
  return `${what} ${from?.tag ?? "an unknown version"} → ${to.tag}`;
}

function unreachable({ unreachable: reason }: Plan): string[] {
  if (reason === undefined) return [];
  return [`  ${reason.trim().replace(/\s+/g, " ")}: this is what config and the last outputs say`];
}

function migrations({ pending, unexplained, ahead, step, restore: restored, unreachable: reason }: Plan): string[] {
  if (pending === undefined) {
    if (step === "restart") return [];
    const until = reason === undefined ? "until the database runs and the image is there" : "without the host";
    return entry("migrations", step === "install" ? "all that the image has" : `unknown ${until}`);
  }
  if (step === "install")
    return entry(
      "migrations",
      pending.length === 0 ? "the image has none" : `all ${pending.length} that the image has`,
    );
  const count = pending.length === 0 ? "none pending" : `${pending.length} pending: ${names(pending)}`;
  return [
    ...(step === "restart" && pending.length === 0 ? [] : entry("migrations", count)),
    ...mayRun({ pending, unexplained }).flatMap(harms),
    ...(ahead.length > 0
      ? entry("", `${restored ? "undone by the restore" : "unknown to this version"}: ${ahead.join(", ")}`)
      : []),
  ];
}

function harms({ file, findings, incompatible, unreadable }: PendingMigration): string[] {
  return [
    ...(unreadable
      ? entry(
          "",
          `${file} cannot be read as SQL at line ${unreadable.line}: ${oneLine(unreadable.reason)}; what it does is unknown`,
        )
      : []),
    ...findings.flatMap(({ line, statement, losesData }) =>
      entry("", `${file} line ${line} ${losesData ? "loses data" : "breaks the running version"}: ${statement}`),
    ),
    ...(incompatible ? entry("", `${file} is marked incompatible with the running version`) : []),
  ];
}

function names(pending: readonly PendingMigration[]): string {
  return pending.map(({ file }) => file).join(", ");
}

function restore({ restore: impact }: Plan): string[] {
  if (impact === undefined) return [];
  const { manifest, ageSeconds, lastWrite, seconds } = impact;
  const age = ageSeconds === undefined ? "" : `, ${duration(ageSeconds)} ago`;
  const written = lastWrite === undefined ? "" : `; last write ${lastWrite}`;
  return [
    ...entry("restore", `${manifest.id}, taken ${manifest.takenAt}${age}${written}`),
    ...entry("", `loses ${loss(impact)}`),
    ...entry(
      "",
      `restored beside the live database in about ${duration(seconds)}, rows checked, before anything stops`,
    ),
  ];
}

/** The tables that lose most first. What was changed or deleted, no count tells. */
function loss({ added, exact }: RestoreImpact): string {
  // The migrations have a line of their own.
  const tables = Object.entries(added).filter(([table]) => table !== `public.${MIGRATIONS_TABLE}`);
  if (tables.length === 0)
    return exact ? "no row, by number, but what was changed since" : "what was written since; the rows are not counted";
  const shown = tables
    .sort(([, one], [, other]) => other - one)
    .slice(0, TABLES_SHOWN)
    .map(([table, rows]) => `${rows} of ${table}`);
  const more = tables.length > TABLES_SHOWN ? ` and ${tables.length - TABLES_SHOWN} more tables` : "";
  return `${exact ? "" : "about "}these rows: ${shown.join(", ")}${more}; and what was changed since`;
}

function backup({ needsBackup, backup: estimate, rehearsal, restore: restored, step }: Plan): string[] {
  const rehearsed = restored === undefined ? `; rehearsal ${rehearsal}` : "";
  if (!needsBackup) return step === "install" ? entry("backup", "none: there are no data yet") : [];
  if (estimate === undefined) return entry("backup", `size unknown${rehearsed}`);
  const { databaseBytes, bytes, seconds } = estimate;
  if (seconds === undefined)
    return entry("backup", `at most ${size(bytes)}, time unknown: there is none yet to go by${rehearsed}`);
  return entry("backup", `about ${size(bytes)}, ${duration(seconds)} (database ${size(databaseBytes)})${rehearsed}`);
}

function disk({ disk: needs }: Plan): string[] {
  return needs.flatMap(({ of, neededBytes, freeBytes }, index) =>
    entry(
      index === 0 ? "disk" : "",
      `${needs.length === 1 && of.length > 1 ? "" : `${diskUses(of)}: `}needs ${size(neededBytes)}, ${size(freeBytes)} free`,
    ),
  );
}

function restarts({ restarts: roles, stays, step }: Plan): string[] {
  if (step === "install") return [];
  if (roles === undefined || stays === undefined)
    return step === "restart" ? [] : entry("restarts", "api, worker, console");
  if (roles.length === 0) return entry("restarts", "only what a changed setting replaces: the version stays");
  const others =
    stays.length === 0 ? "" : `; ${listed(stays)} ${stays.length === 1 ? "stays" : "stay"} but for a changed setting`;
  return entry("restarts", `${roles.join(", ")}${others}`);
}

function images({ images: planned }: Plan): string[] {
  return planned.flatMap(({ roles, reference, hash, pinned }, index) => {
    const is = hash === undefined ? "" : ` (${shortId(hash)}${pinned ? ", pinned" : ""})`;
    return entry(index === 0 ? "images" : "", `${roles.join(", ")}: ${reference}${is}`);
  });
}

function reindex({ reindex: rebuilt }: Plan): string[] {
  if (rebuilt === undefined) return [];
  const { indexes, bytes, why, now } = rebuilt;
  const count = indexes === 1 ? "1 index" : `${indexes} indexes`;
  const when = now ? "" : " once postgres has restarted";
  return entry("reindex", `up to ${count} on text (${size(bytes)})${when}, while requests are served: ${why}`);
}

function listed(words: readonly string[]): string {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words.at(-1) ?? ""}`;
}

function rollback({ wayBack }: Plan): string[] {
  if (wayBack === undefined) return [];
  const { version, backup: needed } = wayBack;
  const words = {
    none: "alone: the schema stays the same",
    "of this update": "with the backup that this update takes",
    replaced: `after ${script({ name: "restore", options: ["--undo"] })}, which brings the replaced database back`,
  };
  const backup = typeof needed === "string" ? words[needed] : `with the backup ${needed.id}`;
  return entry("rollback", `version ${version} ${backup}`);
}

function replacedDatabases({ replaced }: Plan): string[] {
  return replaced.flatMap((database, index) => {
    const { name, bytes, version } = database;
    const of = version === undefined ? "" : ` of ${version}`;
    return entry(index === 0 ? "kept" : "", `${name}${of}, ${size(bytes)}, ${endOf(database)}`);
  });
}

function endOf({ droppedAfter, due }: ExpiringDatabase): string {
  if (droppedAfter === undefined) return "kept until it is dropped by hand";
  const day = droppedAfter.slice(0, 10);
  return due === true ? `dropped by the next good update, since ${day} is over` : `dropped after ${day}`;
}

function refusal(problems: readonly GuardProblem[]): string[] {
  if (problems.length === 0) return [];
  const count = problems.length === 1 ? "1 problem" : `${problems.length} problems`;
  return [
    "",
    `${count}; nothing was touched.`,
    ...problems.flatMap(({ title, why, mend }) => [
      "",
      `  ${title}`,
      ...labelled("why", [why]),
      ...labelled("mend", mend),
    ]),
  ];
}

function labelled(label: string, texts: readonly string[]): string[] {
  return texts.map((text, index) => `    ${(index === 0 ? `${label}:` : "").padEnd(6)}${text}`);
}

function entry(label: string, text: string): string[] {
  return [`  ${label.padEnd(LABEL_WIDTH)}${text}`];
}
