import { DockerClient } from "./client";
import { DockerError } from "./errors";
import { complaint } from "../database/database";
import { say, sleep } from "../output";

/** Milliseconds: an engine that restarts is back within this, and so is a connection over ssh that was dropped. */
const PATIENCE_MS = 60_000;
const PAUSE_MS = 1000;

/**
 * What the docker client says when it could not reach the engine, when the engine went away in the middle, and when the
 * engine cannot reach its own containerd; over ssh, what ssh says. Every line is the client's own: what a command inside
 * a container says (`connect ECONNREFUSED`, `unexpected EOF while looking for matching`) is an answer.
 */
const PASSING = [
  /^(ERROR: )?(cannot|failed to) connect to the docker (daemon|API)/im,
  /^(ERROR: )?error during connect: /im,
  /^(ERROR: )?(unexpected )?EOF$/im,
  /^Error response from daemon: .*(context (deadline exceeded|canceled)|containerd\.sock|transport is closing|code = Unavailable|shutting down)/im,
  /^(ssh: connect to host|kex_exchange_identification: |client_loop: send disconnect|mux_client_|Connection (closed|reset|to \S+ closed) by )/im,
];

/** True for a failure that says nothing about what was asked: asked again, it may be answered. */
export function isPassing(error: unknown): boolean {
  return error instanceof DockerError && PASSING.some((words) => words.test(error.stderr));
}

/**
 * A docker client that asks again, for a minute, when the engine cannot be reached just now. For work of which half may
 * be done, and whose every command can be repeated (a stop, a start, a file that is written whole): what it has asked
 * may have been done before the connection was lost. While the engine stays away, later commands wait no longer than
 * what is left of that minute.
 */
export class PatientClient extends DockerClient {
  private lostSince: number | undefined;

  public constructor(
    host: string,
    private readonly patienceMs = PATIENCE_MS,
    private readonly pauseMs = PAUSE_MS,
  ) {
    super(host);
  }

  protected override async output(
    args: readonly string[],
    stdin: string,
    timeoutSeconds: number,
  ): Promise<{ stdout: string; stderr: string }> {
    for (;;) {
      try {
        const answer = await super.output(args, stdin, timeoutSeconds);
        this.lostSince = undefined;
        return answer;
      } catch (error) {
        if (!isPassing(error)) throw error;
        const now = Date.now();
        if (this.lostSince === undefined) say(`Docker does not answer just now, trying again: ${complaint(error)}`);
        this.lostSince ??= now;
        if (now - this.lostSince > this.patienceMs) throw error;
        await sleep(this.pauseMs);
      }
    }
  }
}
