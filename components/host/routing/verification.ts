import { z } from "zod";
import type { DockerClient } from "../docker/client";
import { entrance } from "./entrance";
import { inUrl } from "../../release/address";
import { CANDIDATE_HEADER } from "./files";
import { healthIn, type Health, WrongVersion } from "./health";
import { ask, type Outside } from "./probe";
import { Refusal, say, sleep } from "../output";

/** The release that must answer, where, and within which time. */
export const expectation = z.strictObject({
  dockerHost: z.string(),
  entrance,
  release: z.strictObject({ tag: z.string(), semver: z.string().optional() }),
  timeoutSeconds: z.number(),
  caddy: z.string(),
});
export type Expectation = z.infer<typeof expectation>;

/** Gives a reason why the release does not work that its answers do not show, or not at once. */
type Death = () => Promise<string | undefined>;

export interface Verification extends Expectation {
  /** Seconds that the answers must stay good. */
  readonly holdSeconds: number;
  /** The token of a candidate, which does not serve yet. */
  readonly candidate?: string;
  /** The pause between two rounds, until the first good one. */
  readonly pauseMs?: number;
  /** Is called after each bad round, and after each round of the hold: its reason ends the verification. */
  readonly death?: Death;
}

const tokenOf = (candidate: string) => ({ [CANDIDATE_HEADER]: candidate });

/** The pause between two rounds of requests. */
const PAUSE_MS = 1000;
/** How many requests run at once: as many as a connection pool usually has connections. */
const WARMED = { "/health": 10, "/login": 10 };
/** These pages use the api that serves: few requests at once, and none while that api's requests are held. */
const WARMED_PAGES = { "/": 3 };
const WARM_ROUNDS = 5;
/** The pause between two of them: the old release serves its users on the same processor cores. */
const WARM_PAUSE_MS = 150;
/** The limit for all rounds: the update waits no longer for a release that answers slowly or not at all. */
const WARM_SECONDS = 20;
/** The limit for a Docker command during the verification. */
const DOCKER_SECONDS = 10;
/** How much of an unexpected answer a message shows. */
const SHOWN = 200;
/**
 * The answers of a proxy that is overloaded, or whose upstream is. A flood of requests must not be able to stop an
 * upgrade, which may fix the weakness that it uses. So this many rounds of the hold may fail like that, but not two in
 * a row.
 */
const BUSY = [429, 502, 503, 504];
const BUSY_ROUNDS = 3;
/** The errors of a connection that was refused or lost. */
const BROKEN = ["ECONNREFUSED", "ECONNRESET", "EPIPE"];
/** The file with the certificate of Caddy's own authority. */
export const AUTHORITY = "/data/caddy/pki/authorities/local/root.crt";

/**
 * Checks a release through the published ports, as a user would reach it. First all answers must be good within the
 * timeout (Caddy may have to get a certificate); then they must stay good for `holdSeconds`: a release that exits after
 * 20 s is refused. With `candidate`, the requests go to the candidates. Returns the last health answer.
 */
export async function verify(
  { candidate, holdSeconds, pauseMs = PAUSE_MS, death = nothing, ...expected }: Verification,
  docker: DockerClient,
): Promise<Health> {
  const asked = { ...expected, headers: candidate === undefined ? {} : tokenOf(candidate) };
  const visits = await untilGood(asked, docker, pauseMs, death);
  const [answer, seconds] = await hold(asked, visits, holdSeconds, death);
  const { url } = expected.entrance;
  say(
    `${answer.version} answers on ${url}${candidate === undefined ? "" : " as candidate"}, with good answers for ${seconds} s`,
  );
  return answer;
}

/** A failure that may be temporary: a refused or broken connection, or the answer of an overloaded proxy. */
class Busy extends Refusal {}

type Asked = Expectation & { readonly headers: Readonly<Record<string, string>> };

/** One way in: an address of the host, by one scheme. */
interface Visit {
  readonly outside: Outside;
  readonly scheme: "http" | "https";
  /** The URL for messages, with the address where several are published. */
  readonly where: string;
}

/** Finds no reason. */
const nothing: Death = () => Promise.resolve(undefined);

async function untilGood(expected: Asked, docker: DockerClient, pauseMs: number, death: Death): Promise<Visit[]> {
  const deadline = Date.now() + expected.timeoutSeconds * 1000;
  for (;;) {
    try {
      const visits = await visitsOf(expected, docker);
      await round(expected, visits);
      return visits;
    } catch (error) {
      if (!(error instanceof Refusal) || error instanceof WrongVersion || Date.now() > deadline) throw error;
      const dead = await death();
      if (dead !== undefined) throw new Refusal(dead);
      await sleep(pauseMs);
    }
  }
}

/**
 * Warms a candidate up. A release that has just started has no connections to its database yet, and compiles code at
 * its first use; these requests come first, so that no user waits. `pages` is set only while the old release serves.
 */
export async function warmUp(
  expected: Expectation & { readonly candidate: string; readonly pages: boolean },
  docker: DockerClient,
): Promise<void> {
  const [first] = await visitsOf({ ...expected, headers: tokenOf(expected.candidate) }, docker);
  if (first === undefined) return;
  const asked = { ...WARMED, ...(expected.pages && WARMED_PAGES) };
  const deadline = Date.now() + WARM_SECONDS * 1000;
  for (let round = 0; round < WARM_ROUNDS; round++)
    for (const [path, atOnce] of Object.entries(asked)) {
      if (Date.now() > deadline) return;
      // The answers do not matter here: this is not the verdict.
      await Promise.allSettled(Array.from({ length: atOnce }, () => ask(first.outside, first.scheme, path)));
      await sleep(WARM_PAUSE_MS);
    }
}

/** Sends one request and ignores the answer: the way to the ports is then known before users wait for a check. */
export async function reach(expected: Expectation, docker: DockerClient): Promise<void> {
  const visits = await visitsOf({ ...expected, headers: {} }, docker);
  await Promise.allSettled(visits.map(({ outside, scheme }) => ask(outside, scheme, "/health")));
}

async function hold(
  expected: Asked,
  visits: readonly Visit[],
  holdSeconds: number,
  death: Death,
): Promise<[Health, number]> {
  const started = Date.now();
  const seconds = () => Math.floor((Date.now() - started) / 1000);
  const refused = (why: string) => new Refusal(`${why}, after ${seconds()} s of good answers`);
  let busy = 0;
  let again = false;
  for (;;) {
    const answer = await round(expected, visits).catch(async (error: unknown) => {
      if (!(error instanceof Refusal)) throw error;
      const dead = await death();
      if (dead !== undefined || !(error instanceof Busy) || again || busy === BUSY_ROUNDS)
        throw refused(dead ?? error.message);
      say(`${error.message}; it is checked once more`);
      return undefined;
    });
    again = answer === undefined;
    if (answer === undefined) busy++;
    else {
      const dead = await death();
      if (dead !== undefined) throw refused(dead);
      if (seconds() >= holdSeconds) return [answer, seconds()];
    }
    await sleep(PAUSE_MS);
  }
}

/** Sends one round of requests: health, then the console's login page, on every address and scheme. */
async function round({ entrance: { health }, release }: Asked, visits: readonly Visit[]): Promise<Health> {
  const answers: Health[] = [];
  for (const { outside, scheme, where } of visits) {
    const { status, body } = await answered(`${where}/health`, ask(outside, scheme, "/health"));
    if (status !== 200) throw wrongStatus(status, `${where}/health answers ${status} ${body.slice(0, SHOWN)}`);
    answers.push(healthIn(body, `${where}/health`, { semver: release.semver, health }));
    const page = await answered(`${where}/login`, ask(outside, scheme, "/login"));
    if (page.status !== 200) throw wrongStatus(page.status, `${where}/login answers ${page.status}`);
  }
  const [first] = answers;
  if (first === undefined) throw new Refusal("there is no address to check");
  return first;
}

function wrongStatus(status: number, message: string): Refusal {
  return BUSY.includes(status) ? new Busy(message) : new Refusal(message);
}

/** A timeout does not count as temporary: while a release hangs, all user requests wait for it. */
function answered<T>(where: string, answer: Promise<T>): Promise<T> {
  return answer.catch((error: unknown) => {
    const why = `${where} gives no answer: ${error instanceof Error ? error.message : String(error)}`;
    const passes = BROKEN.includes((error as NodeJS.ErrnoException).code ?? "");
    throw passes ? new Busy(why) : new Refusal(why);
  });
}

/** Lists every published address with every served scheme: users may use any of them. */
async function visitsOf(expected: Asked, docker: DockerClient): Promise<Visit[]> {
  const { dockerHost, caddy, entrance: site, headers } = expected;
  const { bind, ...ports } = site.http;
  const trust = await trusted(expected, docker);
  return bind.flatMap((address) =>
    site.schemes.map((scheme) => ({
      outside: { dockerHost, caddy, domain: site.domain, http: { bind: address, ...ports }, headers, trust },
      scheme,
      where: `${scheme}://${inUrl(site.domain)}${bind.length > 1 ? ` (${address})` : ""}`,
    })),
  );
}

/**
 * Gives what to trust. Caddy makes its own authority at its first start; its certificate is read, so that TLS can be
 * checked.
 */
async function trusted({ entrance: { trust }, caddy }: Asked, docker: DockerClient): Promise<Outside["trust"]> {
  if (trust === "public") return {};
  if (trust !== "caddy") return trust;
  const read = docker.run(["exec", caddy, "cat", AUTHORITY], "", DOCKER_SECONDS);
  return { authority: await answered("Caddy's own certificate authority", read) };
}
