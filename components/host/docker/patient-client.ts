import { DockerClient } from "./client";
import { DockerError } from "./errors";
import { complaint } from "../database/database";
import { say, sleep } from "../output";

/** Milliseconds, within which a restarting Docker or a dropped ssh connection is back. */
const PATIENCE_MS = 60_000;
const PAUSE_MS = 1000;

/**
 * What the docker client prints when it cannot reach Docker, when Docker stops in the middle, and when Docker cannot
 * reach its containerd; over ssh, what ssh prints. Each pattern fits only lines of the client: an error of a command
 * inside a container (`connect ECONNREFUSED`, `unexpected EOF while looking for matching`) is an answer.
 */
const PASSING = [
  /^(ERROR: )?(cannot|failed to) connect to the docker (daemon|API)/im,
  /^(ERROR: )?error during connect: /im,
  /^(ERROR: )?(unexpected )?EOF$/im,
  /^Error response from daemon: .*(context (deadline exceeded|canceled)|containerd\.sock|transport is closing|code = Unavailable|shutting down)/im,
  /^(ssh: connect to host|kex_exchange_identification: |client_loop: send disconnect|mux_client_|Connection (closed|reset|to \S+ closed) by )/im,
];

/** True for a failure that does not come from the command: the same command may succeed a moment later. */
export function isPassing(error: unknown): boolean {
  return error instanceof DockerError && PASSING.some((words) => words.test(error.stderr));
}

/**
 * A docker client that repeats a command, for a minute, while Docker cannot be reached. It is for work that may be half
 * done, and of which every command can be repeated (a stop, a start, a file that is written as a whole): Docker may
 * have carried out a command before the connection was lost. As long as Docker cannot be reached, later commands wait
 * no longer than the rest of that minute.
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
