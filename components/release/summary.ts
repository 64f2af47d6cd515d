import { MIGRATIONS_TABLE } from "./records/tables";
import { diskUses } from "./estimate";
import { mayRun, type PendingMigration } from "./sql/migrations";
import type { Plan, WayBack } from "./plan";
import type { Step } from "./plan-context";
import type { GuardProblem } from "./guards/problem";
import type { ExpiringDatabase } from "./records/replaced";
import type { RestoreImpact } from "./restore-impact";
import { duration, shortId, size } from "./units";
import { oneLine, printable } from "./words";

const LABEL_WIDTH = 13;
const TABLES_SHOWN = 6;

/** Prints the plan in a few lines, for preview and update. The text is plain, because it is read in logs, too. */
export function summary(plan: Plan): string {
  const lines = [
    headline(plan),
    ...unreachable(plan),
    ...migrations(plan),
    ...restore(plan),
    ...backup(plan),
    ...disk(plan),
    ...restarts(plan),
    ...parameters(plan),
    ...images(plan),
    ...reindex(plan),
    ...entry("downtime", plan.downtime),
    ...toUndo(plan),
    ...previousDatabases(plan),
    ...plan.warnings.flatMap((warning) => entry("warning", warning)),
  ];
  return printable([...lines, ...refusal(plan.problems)].join("\n"));
}

function headline({ kind, step, from, to }: Plan): string {
  return `${kind === "refusal" ? "refused: " : ""}${STEPS[step](to.tag, from?.tag ?? "an unknown version")}`;
}

const STEPS: Readonly<Record<Step, (to: string, from: string) => string>> = {
  install: (to) => `install ${to}`,
  upgrade: (to, from) => `upgrade ${from} → ${to}`,
  rollback: (to, from) => `rollback ${from} → ${to}`,
  restart: (to) => `no change of version (${to})`,
  restore: (to) => `restore the data of ${to}`,
};

function unreachable({ unreachable: reason }: Plan): string[] {
  if (reason === undefined) return [];
  return [
    `  ${reason.trim().replace(/\s+/g, " ")}. The host was NOT checked; this plan uses only the configuration and the outputs of the last update`,
  ];
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
    ...entry("", loss(impact)),
    ...entry(
      "",
      `restored beside the live database in about ${duration(seconds)}, rows checked, before anything stops`,
    ),
  ];
}

/** Names the tables that lose most first. A count does not show rows that were changed or deleted. */
function loss({ added, exact }: RestoreImpact): string {
  // The plan lists the migrations in a row of their own.
  const tables = Object.entries(added).filter(([table]) => table !== `public.${MIGRATIONS_TABLE}`);
  if (tables.length === 0)
    return exact
      ? "no table has more rows now than in the backup; changes made since the backup are lost"
      : "everything written since the backup is lost; rows were not counted";
  const shown = tables
    .sort(([, one], [, other]) => other - one)
    .slice(0, TABLES_SHOWN)
    .map(([table, rows]) => `${rows} of ${table}`);
  const more = tables.length > TABLES_SHOWN ? ` and ${tables.length - TABLES_SHOWN} more tables` : "";
  return `loses ${exact ? "" : "about "}these rows: ${shown.join(", ")}${more}; and all other changes since the backup`;
}

function backup({ needsBackup, backup: estimate, rehearsal, restore: restored, step }: Plan): string[] {
  const rehearsed = restored === undefined ? `; rehearsal ${rehearsal}` : "";
  if (!needsBackup) return step === "install" ? entry("backup", "none: there are no data yet") : [];
  if (estimate === undefined) return entry("backup", `size unknown${rehearsed}`);
  const { databaseBytes, bytes, seconds } = estimate;
  if (seconds === undefined)
    return entry(
      "backup",
      `at most ${size(bytes)}, time unknown: there is no earlier backup to estimate it from${rehearsed}`,
    );
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
  if (roles.length === 0) return entry("restarts", "none because of the version; only services whose settings changed");
  const others =
    stays.length === 0 ? "" : `; ${listed(stays)} only if ${stays.length === 1 ? "its" : "their"} settings changed`;
  return entry("restarts", `${roles.join(", ")}${others}`);
}

function parameters({ parameters: changes }: Plan): string[] {
  const words = changes.map(({ name, before = "(default)", after = "(default)" }) =>
    oneLine(`${name} ${before} → ${after}`),
  );
  return words.length === 0 ? [] : entry("parameters", `${words.join(", ")}; postgres restarts with them`);
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

function toUndo({ wayBack }: Plan): string[] {
  return wayBack === undefined ? [] : entry("to undo", undoing(wayBack));
}

function undoing({ version, backup }: WayBack): string {
  if (backup === "none") return `set version ${version}; no data has to be restored, the schema does not change`;
  if (backup === "of this update") return `set version ${version} and restore the backup that this update takes`;
  if ("id" in backup) return `set version ${version} and restore the backup ${backup.id}`;
  return `run ${backup.undo} (brings the previous database back), then set version ${version}`;
}

function previousDatabases({ replaced }: Plan): string[] {
  return replaced.flatMap((database, index) => {
    const { name, bytes, version } = database;
    const of = version === undefined ? "" : ` of ${version}`;
    return entry(index === 0 ? "previous" : "", `${name}${of}, ${size(bytes)}, ${endOf(database)}`);
  });
}

function endOf({ droppedAfter, due }: ExpiringDatabase): string {
  if (droppedAfter === undefined) return "kept until it is dropped by hand";
  const day = droppedAfter.slice(0, 10);
  return due === true ? `dropped by the next successful update, because ${day} is over` : `dropped after ${day}`;
}

function refusal(problems: readonly GuardProblem[]): string[] {
  if (problems.length === 0) return [];
  const count = problems.length === 1 ? "1 problem" : `${problems.length} problems`;
  return [
    "",
    `${count}; nothing was touched.`,
    ...problems.flatMap(({ title, why, fix }) => [
      "",
      `  ${title}`,
      ...labelled("why", [why]),
      ...labelled("fix", fix),
    ]),
  ];
}

function labelled(label: string, texts: readonly string[]): string[] {
  return texts.map((text, index) => `    ${(index === 0 ? `${label}:` : "").padEnd(6)}${text}`);
}

function entry(label: string, text: string): string[] {
  return [`  ${label.padEnd(LABEL_WIDTH)}${text}`];
}
