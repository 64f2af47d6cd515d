import semver from "semver";
import { nameOf } from "../names";
import type { RunningContainer } from "../facts";
import type { Limits } from "../containers/limits";
import { compareBackupIds, parseBackupId } from "../records/backup-id";
import { backupsMoved } from "./backup-place";
import { futureTold, lastProof, newestBackup } from "../records/backups";
import { chainOf, daysLeft } from "../certificate";
import { isLoopback } from "../address";
import { configRm, configSet, configSetFile, configSetPath, docker, script, trust, up, upRefresh } from "../commands";
import { isNewest } from "../records/history";
import { imagesOld } from "./image-age";
import { imagesOfRoot } from "./image-user";
import { libraryChange } from "../reindex";
import { missingExtension, olderThan } from "../records/compatibility";
import { leftNetwork } from "../restarts";
import { roleComes, roleIsSuperuser } from "./role";
import { breakingIn, hasLostHistory, namedBackup, wasPutBack, type Situation } from "../situation";
import { passwordNotAsked, secretsChanged } from "./secrets";
import type { Strategy } from "../strategy";
import { duration, shortId } from "../units";
import { firstOf, oneLine } from "../words";

/** What should be known, and is no reason to refuse. */
export function warningsOf(situation: Situation, strategy: Strategy): string[] {
  return [
    ...orderUnknown(situation),
    ...sideBySide(situation, strategy),
    ...schemaStaysAhead(situation),
    ...appliedByNobody(situation),
    ...olderBackup(situation),
    ...leftOver(situation),
    ...unreadableStops(situation),
    ...clockBehind(situation),
    ...futureTold(situation.facts?.future ?? []),
    ...notSigned(situation),
    ...backupsMoved(situation),
    ...secretsChanged(situation),
    ...passwordNotAsked(situation),
    ...roleComes(situation),
    ...roleIsSuperuser(situation),
    ...notStarted(situation),
    ...notRunning(situation),
    ...imageMoved(situation),
    ...imagesOld(situation),
    ...imagesOfRoot(situation),
    ...extensionsBehind(situation),
    ...limitsNotHeld(situation),
    ...unproven(situation),
    ...constantAnswer(situation),
    ...certificateExpires(situation),
    ...tlsUnverified(situation),
    ...halfDone(situation),
    ...databaseMoves(situation),
    ...closedToOthers(situation),
  ];
}

/** Who has said nothing of addresses had all of them, in clear. */
function closedToOthers({ facts, settings: { http }, stack }: Situation): string[] {
  const published = facts?.containers.find(({ role }) => role === "caddy")?.addresses ?? [];
  const open = published.filter((address) => !isLoopback(address));
  if (http.bind === undefined || open.length === 0 || !http.bind.every(isLoopback)) return [];
  return [
    `Caddy leaves ${open.join(", ")} for ${http.bind.join(", ")}, and restarts: other hosts reach it no more. ` +
      `Give it a name (${configSet(stack, "domain", "NAME")}), or let them in in clear: ${configSetPath(stack, "http.allowPlainHttp", "true")}`,
  ];
}

/** Whoever is on that network has reached the database so far: also what an operator has put there. */
function databaseMoves(situation: Situation): string[] {
  const network = leftNetwork(situation);
  const { stack, settings } = situation;
  if (network === undefined || situation.step === "install") return [];
  const names = "'{{range $name, $_ := .NetworkSettings.Networks}}{{$name}}{{end}}'";
  const back = `$(${docker(settings.dockerHost, `inspect --format ${names} ${nameOf(stack)}-postgres`)})`;
  return [
    `postgres leaves the network ${network} for one of its own, with api and worker; from then on a container of yours reaches it after ` +
      docker(settings.dockerHost, `network connect ${back} CONTAINER`),
  ];
}

function halfDone({ facts, stack }: Situation): string[] {
  if (facts?.unfinished !== true) return [];
  return [
    `an update was killed while requests were held: ${up(stack)} takes it back or finishes it before all else, and may find less to do than is planned here`,
  ];
}

const TLS_SWITCH = "NODE_TLS_REJECT_UNAUTHORIZED";

function tlsUnverified({ settings: { env, secretEnv } }: Situation): string[] {
  if ((env?.[TLS_SWITCH] ?? secretEnv?.[TLS_SWITCH]) !== "0") return [];
  return [`${TLS_SWITCH} is 0: the application trusts whoever answers in a provider's name, and sends its keys there`];
}

/** A night may be missed. */
const PROVEN_SECONDS = 2 * 86_400;

/** That a dump can be read does not say that it can be restored: only a rehearsal, a drill or a proof does. */
function unproven({ facts, settings, stack, restore }: Situation): string[] {
  const newest = newestBackup(facts?.backups ?? []);
  const [first] = facts?.backups ?? [];
  if (facts === undefined || newest === undefined || first === undefined) return [];
  const command = script("backup", stack, settings.dockerHost, "--prove");
  const broken = [newest, ...(restore && restore.id !== newest.id ? [restore] : [])].filter((one) => one.disproven);
  if (broken.length > 0)
    return broken.map(
      ({ disproven }) =>
        `${oneLine(disproven?.reason ?? "")} (found at ${disproven?.at ?? ""}); once that is mended, ${command} shows whether the next one can be`,
    );
  const proven = lastProof(facts.backups);
  if (facts.clock === undefined) return [];
  const age = facts.clock - Date.parse(proven?.at ?? first.takenAt) / 1000;
  if (age <= PROVEN_SECONDS) return [];
  const since = proven === undefined ? "" : ` for ${duration(age)}`;
  return [`no backup has been shown to be restorable${since}; at once, and best every night: ${command}`];
}

/** What Docker could not start again, and no guard refuses: what the update makes anew may be exactly that. */
function notStarted({ facts }: Situation): string[] {
  return (facts?.notStarted ?? []).map(
    ({ name, reason }) => `${name} had stopped and cannot be started: ${oneLine(reason)}`,
  );
}

/**
 * The tag of postgres or caddy names another image than the one that runs. The engine's state holds the image that the
 * container was made of, so only an update with `--refresh` goes over to the other one.
 */
function imageMoved({ facts, stack }: Situation): string[] {
  const others = (facts?.otherImages ?? []).filter(({ moved }) => moved);
  return others.map((other) => {
    const { role, reference, running, wanted } = other;
    const made = wanted.created === undefined ? "" : `, made ${wanted.created.slice(0, 10)}`;
    const change = libraryChange(other);
    const sorted =
      change === undefined ? "" : `; its C library is another one (${change}), so indexes on text are rebuilt`;
    const lost = wanted.extensions && missingExtension(facts?.database?.installed ?? {}, wanted.extensions);
    const missing = lost === undefined || role !== "postgres" ? "" : `; the database has ${lost}`;
    return `${role} runs ${shortId(running.id)}; its tag ${reference} names ${shortId(wanted.id)} now${made}: ${upRefresh(stack)} restarts ${role} on it${sorted}${missing}`;
  });
}

/** The server's image can be newer than the objects that an extension has made in the database. */
function extensionsBehind({ facts, settings, stack }: Situation): string[] {
  const { installed = {}, extensions = {} } = facts?.database ?? {};
  const behind = Object.entries(installed).flatMap(([name, version]) => {
    const has = extensions[name];
    return has !== undefined && olderThan(version, has) ? [{ name, version, has }] : [];
  });
  return behind.map(
    ({ name, version, has }) =>
      `the extension ${name} is ${version} in the database, the image has ${has}: ${docker(settings.dockerHost, `exec ${nameOf(stack)}-postgres psql -U nestfleet -d nestfleet -c 'ALTER EXTENSION "${name}" UPDATE'`)}`,
  );
}

/** Whoever may write among the backups may have put them there; or they come from another stack, or a lost state. */
function notSigned({ facts, settings, stack }: Situation): string[] {
  const unsigned = facts?.unsigned ?? [];
  const [first] = unsigned;
  if (first === undefined) return [];
  const [count, named] =
    unsigned.length === 1
      ? ["1 backup is not signed by this stack and does", first]
      : [`${unsigned.length} backups are not signed by this stack and do`, "ID"];
  return [
    `${count} not count: ${firstOf(unsigned)}; one that you know as the stack's own counts after ${trust(stack, settings.dockerHost, named)}`,
  ];
}

/** A release whose `/health` does not tell its version says nothing new under the next one, and would be refused. */
function constantAnswer({ settings, stack, last, to }: Situation): string[] {
  const { version, answered } = last;
  if (settings.health?.version !== "compare" || to.semver === undefined || version === undefined) return [];
  if (answered === undefined || answered === version || answered === to.semver) return [];
  return [
    `${version} answers ${answered} to /health: where that is a constant, ${to.tag} is refused unless versions are not compared: ${configSetPath(stack, "health.version", "ignore")}`,
  ];
}

/** Time enough for an operator who does not update every week. */
const EXPIRY_DAYS = 30;

/** One that has expired is refused with the config; Caddy renews only those that it has obtained itself. */
function certificateExpires({ settings, stack, facts }: Situation): string[] {
  const [leaf] = chainOf(settings.http.certificate ?? "");
  if (leaf === undefined) return [];
  const days = daysLeft(leaf, (facts?.clock ?? Math.floor(Date.now() / 1000)) * 1000);
  return days > EXPIRY_DAYS
    ? []
    : [
        `the certificate in http.certificate expires in ${days} days, on ${leaf.validTo}; put a new one there, and its key in secrets.tlsKey: ${configSetFile(stack, "http.certificate", "certificate.pem")}`,
      ];
}

/** Stopped or removed by hand: the engine's state does not know, and a plain update would leave it so. */
function notRunning({ facts, settings, stack, step, served }: Situation): string[] {
  if (facts === undefined || (step === "install" && !served)) return [];
  if (facts.containers.length === 0)
    return [
      `the Docker host has no container of this stack: if they were removed by hand, ${upRefresh(stack)} makes them again; if it is the wrong host, mend nestfleet:dockerHost`,
    ];
  const wanted = ["postgres", "api", "console", "caddy", ...(settings.worker?.enabled === true ? ["worker"] : [])];
  return wanted.flatMap((role) => {
    const ours = facts.containers.filter((container) => container.role === role);
    if (ours.some(({ running }) => running) || facts.notStarted?.some((failed) => failed.role === role)) return [];
    return [whyNone(role, ours, stack, settings.dockerHost)];
  });
}

function whyNone(
  role: string,
  containers: readonly RunningContainer[],
  stack: string,
  host: string | undefined,
): string {
  const looping = containers.find(({ state }) => state === "restarting");
  if (looping !== undefined)
    return `${looping.name} dies and is started again, over and over; its log says why: ${docker(host, `logs --tail 50 ${looping.name}`)}`;
  const paused = containers.find(({ state }) => state === "paused");
  if (paused !== undefined)
    return `${paused.name} is paused: ${up(stack)} takes back the killed rollback that has paused it; where it was somebody else: ${docker(host, `unpause ${paused.name}`)}`;
  return `no ${role} runs, though it should; ${up(stack)} starts what was stopped, ${upRefresh(stack)} also brings back what was removed`;
}

/** The kernel lacks what a limit takes; the service runs without it. */
function limitsNotHeld({ facts, settings }: Situation): string[] {
  const support = facts?.limits;
  if (support === undefined) return [];
  const limited = Object.entries<Limits | undefined>({ postgres: settings.postgres, ...settings.resources });
  const paths = (limit: "memory" | "cpus") =>
    limited
      .filter(([, limits]) => limits?.[limit] !== undefined)
      .map(([role]) => `nestfleet:${role === "postgres" ? "postgres" : `resources.${role}`}.${limit}`);
  const [memory, cpus] = [paths("memory"), paths("cpus")];
  return [
    ...(memory.length > 0 && !support.memory
      ? [
          `the Docker host cannot limit memory (docker info: no memory limit support): ${memory.join(", ")} has no effect`,
        ]
      : []),
    ...(memory.length > 0 && support.memory && !support.swap
      ? [
          `the Docker host cannot limit swap (docker info: no swap limit support): ${memory.join(", ")} limits memory only`,
        ]
      : []),
    ...(cpus.length > 0 && !support.cpus
      ? [`the Docker host cannot limit CPUs (docker info: no cpu cfs quota support): ${cpus.join(", ")} has no effect`]
      : []),
  ];
}

/** Tags without numbers are ordered by what is on the host. */
function orderUnknown({ facts, step, from, to }: Situation): string[] {
  const numbered = from?.semver !== undefined && to.semver !== undefined;
  return facts === undefined && step !== "restart" && from !== undefined && !numbered
    ? [`whether ${from.tag} → ${to.tag} goes up or back cannot be told without the host`]
    : [];
}

/** A rolling update lets the old version serve on the new schema until the new one has proved itself. */
function sideBySide(situation: Situation, strategy: Strategy): string[] {
  const { step, from } = situation;
  const breaking = breakingIn(situation);
  if (strategy !== "rolling" || step !== "upgrade" || breaking.length === 0) return [];
  return [
    `${breaking.join(", ")} may break ${from?.tag ?? "what runs"}, which serves until the new version has started; nestfleet:strategy recreate avoids that`,
  ];
}

/** An upgrade does not make this worse: what runs does not know these migrations either, or knows them no longer. */
function schemaStaysAhead({ schema, settings, step, to, restore }: Situation): string[] {
  const ahead = schema?.ahead ?? [];
  const told = step === "upgrade" || (step === "rollback" && settings.allowSchemaAhead);
  return told && !restore && ahead.length > 0
    ? [`${to.tag} runs on a schema that is ahead of it: it does not know ${ahead.join(", ")}`]
    : [];
}

/** The table of what is applied is the application's own, and no better than the application. */
function appliedByNobody({ schema, settings, stack, from, to }: Situation): string[] {
  const files = schema?.unexplained.map(({ file }) => file) ?? [];
  if (files.length === 0) return [];
  const look = `exec ${nameOf(stack)}-postgres psql -U nestfleet -d nestfleet -c 'SELECT * FROM nestfleet_migrations'`;
  return [
    `the database counts ${firstOf(files)} of ${to.tag} as applied, which ${from?.tag ?? "what serves"} does not have and no update in the history has brought: ` +
      "a killed update has done so, or somebody has written it there, and it will not run. " +
      `The strategy is chosen as if it would; look: ${docker(settings.dockerHost, look)}`,
  ];
}

/** A `restore` that was left over from the last rollback to the same version. */
function olderBackup({ facts, restore, step, to }: Situation): string[] {
  if (step !== "rollback") return []; // under the same version, which backup is meant was confirmed
  const newest = newestBackup(facts?.backups ?? [], to.tag);
  return restore && newest && compareBackupIds(newest.id, restore.id) > 0
    ? [`there is a newer backup of ${to.tag} than the one that will be restored: ${newest.id}`]
    : [];
}

/** A `restore` that nothing is done with. Not right after it was carried out: then it says what is there. */
function leftOver(situation: Situation): string[] {
  const { facts, settings, stack, step, restore } = situation;
  const { restore: asked } = settings;
  if (asked === undefined || restore !== undefined || isNewest(facts?.history ?? [], asked)) return [];
  if (namedBackup(settings) === undefined || step === "upgrade" || step === "install")
    return [`restore ${asked} is left over and does nothing: ${configRm(stack, "restore")}`];
  if (step === "restart") return notPutBack(asked, situation);
  return facts === undefined ? [`what the restore of ${asked} loses cannot be told without the host`] : [];
}

/** Under the version that runs, data are put back once per confirmation. */
function notPutBack(asked: string, { facts, settings, stack, last }: Situation): string[] {
  const { confirmRestore: word, dockerHost } = settings;
  if (word === undefined)
    return [
      `restore ${asked} does nothing without a confirmation, the version stays: ${configSet(stack, "confirmRestore", "WORD")}`,
    ];
  if (wasPutBack(settings, facts, last))
    return [`restore ${asked} was carried out with confirmRestore ${word}; another word does it once more`];
  if (facts?.database === undefined || !hasLostHistory(facts))
    return [`whether the restore of ${asked} is still to be done cannot be told before the database answers`];
  return [
    `history.jsonl is missing beside the backups: whether ${asked} was put back already is not known, and it is left alone; ` +
      `bring the file from where the backups come from, or put the data back by hand: ${script("restore", stack, dockerHost, asked)}`,
  ];
}

function unreadableStops({ facts }: Situation): string[] {
  const unreadable = facts?.target?.requiredStops.filter((stop) => semver.valid(stop) === null) ?? [];
  return unreadable.length > 0
    ? [`the image's required stops cannot be read as versions and do not count: ${unreadable.join(", ")}`]
    : [];
}

/** Clocks are set back by seconds without harm. */
const TOLERATED_SECONDS = 300;

/** No refusal: an upgrade may be what is needed, and a backup's id is kept above the newest whatever the clock says. */
function clockBehind({ facts }: Situation): string[] {
  const newest = newestBackup(facts?.backups ?? []);
  if (facts?.clock === undefined || newest === undefined) return [];
  const behind = (parseBackupId(newest.id)?.seconds ?? 0) - facts.clock;
  return behind > TOLERATED_SECONDS
    ? [
        `the clock of the Docker host is ${duration(behind)} behind the newest backup (${newest.id}): set it, timedatectl shows it`,
      ]
    : [];
}
