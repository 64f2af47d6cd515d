import { z } from "zod";
import { parseJson } from "../../components/release/json";
import type { DockerClient } from "../../components/docker/client";
import { isLocal, publicUrl } from "../../components/services/address";
import { CANDIDATE_HEADER } from "../../components/services/upstream";
import { ask, type Outside } from "./outside";
import { Refusal, say, sleep } from "./run";

/** What must answer, where, and for how long. */
export const expectation = z.object({
  dockerHost: z.string(),
  domain: z.string(),
  http: z.object({ bind: z.string(), httpPort: z.number(), httpsPort: z.number() }),
  release: z.object({ tag: z.string(), semver: z.string().optional() }),
  timeoutSeconds: z.number(),
  caddy: z.string(),
});
export type Expectation = z.infer<typeof expectation>;

/** What keeps a release from working that its answers do not show, or not at once. */
type Death = () => Promise<string | undefined>;

export interface Verification extends Expectation {
  /** Seconds that the answers must stay good. */
  readonly holdSeconds: number;
  /** The release that is to serve next, and does not yet. */
  readonly candidate?: boolean;
  /** Between two rounds, until the first good one. */
  readonly pauseMs?: number;
  /** Why no patience will help: asked for while there is no good answer, and with each good one that must hold. */
  readonly death?: Death;
}

const health = z.object({ status: z.string(), db: z.string().optional(), version: z.string() });
export type Health = z.infer<typeof health>;

type Scheme = "http" | "https";

const CANDIDATE = { [CANDIDATE_HEADER]: "1" };

/** An answer that no patience will change. */
class WrongAnswer extends Refusal {}

/** Between two rounds of questions. */
const PAUSE_MS = 1000;
/** How many at once: as many as a pool of connections usually has. */
const WARMED = { "/health": 10, "/login": 10 };
/** Made of answers of the api that serves: few at once, and none while that is held. */
const WARMED_PAGES = { "/": 3 };
const WARM_ROUNDS = 5;
/** Between two of them, for those whom the release before serves on the same cores. */
const WARM_PAUSE_MS = 150;
/** How much of an unexpected answer a message shows. */
const SHOWN = 200;
/** Where Caddy keeps the certificate of its own authority. */
const AUTHORITY = "/data/caddy/pki/authorities/local/root.crt";

/**
 * Asks from outside, as a user would. First everything must answer as it should, within the timeout (a certificate may
 * have to be had first); then it must go on doing so for the whole hold: a release that dies after 20 s is refused.
 * `candidate` is the release that is to serve next, before it does. Returns the last health answer.
 */
export async function verify(
  { candidate = false, holdSeconds, pauseMs = PAUSE_MS, death = nothing, ...expected }: Verification,
  docker: DockerClient,
): Promise<Health> {
  const asked = candidate ? { ...expected, headers: CANDIDATE } : expected;
  const trusted = await untilGood(asked, docker, pauseMs, death);
  const [answer, seconds] = await hold(trusted, holdSeconds, death);
  say(`${answer.version} answers on ${publicUrl(expected)}${candidate ? " as candidate" : ""}, held for ${seconds} s`);
  return answer;
}

type Asked = Expectation & Pick<Outside, "headers" | "authority">;

/** Nobody looks. */
const nothing: Death = () => Promise.resolve(undefined);

async function untilGood(expected: Asked, docker: DockerClient, pauseMs: number, death: Death): Promise<Asked> {
  const deadline = Date.now() + expected.timeoutSeconds * 1000;
  for (;;) {
    try {
      const trusted = await trusting(expected, docker);
      await round(trusted);
      return trusted;
    } catch (error) {
      if (!(error instanceof Refusal) || error instanceof WrongAnswer || Date.now() > deadline) throw error;
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
export async function warmUp(expected: Expectation & { pages: boolean }, docker: DockerClient): Promise<void> {
  const outside = await trusting({ ...expected, headers: CANDIDATE }, docker);
  const scheme = isLocal(expected.domain) ? "http" : "https";
  const asked = { ...WARMED, ...(expected.pages && WARMED_PAGES) };
  for (let round = 0; round < WARM_ROUNDS; round++)
    for (const [path, atOnce] of Object.entries(asked)) {
      // Not the verdict: what they answer is of no interest.
      await Promise.allSettled(Array.from({ length: atOnce }, () => ask(outside, scheme, path)));
      await sleep(WARM_PAUSE_MS);
    }
}

async function hold(expected: Asked, holdSeconds: number, death: Death): Promise<[Health, number]> {
  const started = Date.now();
  const seconds = () => Math.floor((Date.now() - started) / 1000);
  const refused = (why: string) => new Refusal(`${why}, after ${seconds()} s of good answers`);
  for (;;) {
    const answer = await round(expected).catch(async (error: unknown) => {
      throw error instanceof Refusal ? refused((await death()) ?? error.message) : error;
    });
    const dead = await death();
    if (dead !== undefined) throw refused(dead);
    if (seconds() >= holdSeconds) return [answer, seconds()];
    await sleep(PAUSE_MS);
  }
}

/** One round of what a user does: health, then the console's login page, on every scheme that is served. */
async function round(expected: Asked): Promise<Health> {
  const plain = isLocal(expected.domain) ? await visit(expected, "http") : undefined;
  const secure = await visit(expected, "https");
  return plain ?? secure;
}

async function visit(asked: Asked, scheme: Scheme): Promise<Health> {
  const answer = await checkHealth(asked, scheme, asked.release.semver);
  await checkPage(asked, scheme);
  return answer;
}

async function checkHealth(outside: Outside, scheme: Scheme, version: string | undefined): Promise<Health> {
  const where = `${scheme}://${outside.domain}/health`;
  const { status, body } = await answered(where, ask(outside, scheme, "/health"));
  const shown = body.slice(0, SHOWN);
  if (status !== 200) throw new Refusal(`${where} answers ${status} ${shown}`);
  const parsed = health.safeParse(parseJson(body));
  if (!parsed.success) throw new Refusal(`${where} answers 200, but not with the application's health: ${shown}`);
  if (parsed.data.status !== "ok") throw new Refusal(`${where} says ${shown}`);
  if (version !== undefined && parsed.data.version !== version)
    throw new WrongAnswer(`${where} is answered by version ${parsed.data.version}, not by ${version}`);
  return parsed.data;
}

async function checkPage(outside: Outside, scheme: Scheme): Promise<void> {
  const where = `${scheme}://${outside.domain}/login`;
  const { status } = await answered(where, ask(outside, scheme, "/login"));
  if (status !== 200) throw new Refusal(`${where} answers ${status}`);
}

function answered<T>(where: string, answer: Promise<T>): Promise<T> {
  return answer.catch((error: unknown) => {
    throw new Refusal(`${where} gives no answer: ${error instanceof Error ? error.message : String(error)}`);
  });
}

/** localhost is signed by Caddy's own authority, made at its first start: trusted, so that TLS is checked like any. */
async function trusting(expected: Asked, docker: DockerClient): Promise<Asked> {
  if (!isLocal(expected.domain)) return expected;
  const read = docker.run(["exec", expected.caddy, "cat", AUTHORITY]);
  return { ...expected, authority: await answered("Caddy's own certificate authority", read) };
}
