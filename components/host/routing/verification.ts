import { z } from "zod";
import type { DockerClient } from "../docker/client";
import { entrance } from "./entrance";
import { inUrl } from "../../release/address";
import { CANDIDATE_HEADER } from "./files";
import { healthIn, type Health, WrongVersion } from "./health";
import { ask, type Outside } from "./probe";
import { Refusal, say, sleep } from "../output";

/** What must answer, where, and for how long. */
export const expectation = z.strictObject({
  dockerHost: z.string(),
  entrance,
  release: z.strictObject({ tag: z.string(), semver: z.string().optional() }),
  timeoutSeconds: z.number(),
  caddy: z.string(),
});
export type Expectation = z.infer<typeof expectation>;

/** What keeps a release from working that its answers do not show, or not at once. */
type Death = () => Promise<string | undefined>;

export interface Verification extends Expectation {
  /** Seconds that the answers must stay good. */
  readonly holdSeconds: number;
  /** The token of the release that is to serve next, and does not yet. */
  readonly candidate?: string;
  /** Between two rounds, until the first good one. */
  readonly pauseMs?: number;
  /** Why no patience will help: asked for while there is no good answer, and with each good one that must hold. */
  readonly death?: Death;
}

const tokenOf = (candidate: string) => ({ [CANDIDATE_HEADER]: candidate });

/** Between two rounds of questions. */
const PAUSE_MS = 1000;
/** How many at once: as many as a pool of connections usually has. */
const WARMED = { "/health": 10, "/login": 10 };
/** Made of answers of the api that serves: few at once, and none while that is held. */
const WARMED_PAGES = { "/": 3 };
const WARM_ROUNDS = 5;
/** Between two of them, for those whom the release before serves on the same cores. */
const WARM_PAUSE_MS = 150;
/** For all of it: a release that answers slowly, or not at all, is not waited for any longer. */
const WARM_SECONDS = 20;
/** For what Docker is asked beside the questions from outside. */
const DOCKER_SECONDS = 10;
/** How much of an unexpected answer a message shows. */
const SHOWN = 200;
/**
 * What a proxy answers where it, or what is behind it, has too much to do. A flood from outside must not be able to stop
 * an upgrade, perhaps the one that mends what it uses: so many rounds of a hold may fail like that, never two in a row.
 */
const BUSY = [429, 502, 503, 504];
const BUSY_ROUNDS = 3;
/** Of a connection that was not taken, or lost. */
const BROKEN = ["ECONNREFUSED", "ECONNRESET", "EPIPE"];
/** Where Caddy keeps the certificate of its own authority. */
export const AUTHORITY = "/data/caddy/pki/authorities/local/root.crt";

/**
 * Asks from outside, as a user would. First everything must answer as it should, within the timeout (a certificate may
 * have to be had first); then it must go on doing so for the whole hold: a release that dies after 20 s is refused.
 * `candidate` is the release that is to serve next, before it does. Returns the last health answer.
 */
export async function verify(
  { candidate, holdSeconds, pauseMs = PAUSE_MS, death = nothing, ...expected }: Verification,
  docker: DockerClient,
): Promise<Health> {
  const asked = { ...expected, headers: candidate === undefined ? {} : tokenOf(candidate) };
  const visits = await untilGood(asked, docker, pauseMs, death);
  const [answer, seconds] = await hold(asked, visits, holdSeconds, death);
  const { url } = expected.entrance;
  say(`${answer.version} answers on ${url}${candidate === undefined ? "" : " as candidate"}, held for ${seconds} s`);
  return answer;
}

/** What may pass: a refused or broken connection, or an answer of a proxy that has too much to do. */
class Busy extends Refusal {}

type Asked = Expectation & { readonly headers: Readonly<Record<string, string>> };

/** One way in: an address of the host, by one scheme. */
interface Visit {
  readonly outside: Outside;
  readonly scheme: "http" | "https";
  /** For messages: what a user types, and the address where several are published. */
  readonly where: string;
}

/** Nobody looks. */
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
 * A release that has just started has no connections to its database yet, and compiles its code when that is first
 * used: the candidate is asked until it has, so that nobody waits for it. `pages` only while the release before serves.
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
      // Not the verdict: what they answer is of no interest.
      await Promise.allSettled(Array.from({ length: atOnce }, () => ask(first.outside, first.scheme, path)));
      await sleep(WARM_PAUSE_MS);
    }
}

/** Asks once, whatever the answer: how to get there is found out before somebody waits for it. */
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
      say(`${error.message}: asked once more`);
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

/** One round of what a user does: health, then the console's login page, by every way in that there is. */
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
  if (first === undefined) throw new Refusal("there is no address to ask");
  return first;
}

function wrongStatus(status: number, message: string): Refusal {
  return BUSY.includes(status) ? new Busy(message) : new Refusal(message);
}

/** Silence, for as long as a question may take, does not pass: a release that hangs has everybody's requests meanwhile. */
function answered<T>(where: string, answer: Promise<T>): Promise<T> {
  return answer.catch((error: unknown) => {
    const why = `${where} gives no answer: ${error instanceof Error ? error.message : String(error)}`;
    const passes = BROKEN.includes((error as NodeJS.ErrnoException).code ?? "");
    throw passes ? new Busy(why) : new Refusal(why);
  });
}

/** Every address that is published, by every scheme that is served: a user may come by any of them. */
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

/** Caddy's own authority is made at its first start: trusted, so that TLS is checked like any. */
async function trusted({ entrance: { trust }, caddy }: Asked, docker: DockerClient): Promise<Outside["trust"]> {
  if (trust === "public") return {};
  if (trust !== "caddy") return trust;
  const read = docker.run(["exec", caddy, "cat", AUTHORITY], "", DOCKER_SECONDS);
  return { authority: await answered("Caddy's own certificate authority", read) };
}
