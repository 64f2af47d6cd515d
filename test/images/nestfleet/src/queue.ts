import { setTimeout as sleep } from "node:timers/promises";
import PgBoss from "pg-boss";
import type { Pool, PoolClient } from "pg";
import { log, reason } from "./infra/log";

const processCase = "case.process";

export interface CaseJob {
  readonly caseId: string;
}

/** The job queue in PostgreSQL. It uses the given pool, which can be closed after the queue. */
export class Queue {
  private state: "stopped" | "started" = "stopped";
  private readonly boss: PgBoss;
  private readonly stopping = new AbortController();
  private consumer: Promise<void> = Promise.resolve();

  public constructor(pool: Pool) {
    this.boss = new PgBoss({ db: connection(pool), schedule: false, maintenanceIntervalSeconds: 10 });
    this.boss.on("error", (error) => {
      log.warn("queue", { error: reason(error) });
    });
  }

  public get status(): "stopped" | "started" {
    return this.state;
  }

  public async start(): Promise<void> {
    await this.boss.start();
    await this.boss.createQueue(processCase, { name: processCase, retryLimit: 10, retryDelay: 1, expireInSeconds: 30 });
    this.state = "started";
  }

  /** Adds a job in the caller's transaction, so that there is no case without its job, and no job without its case. */
  public async enqueue(client: PoolClient, job: CaseJob): Promise<void> {
    await this.boss.send(processCase, job, { db: connection(client) });
  }

  /**
   * Fetches in a loop of its own instead of `boss.work`, which reports a job's end without waiting for
   * the answer: with the database gone, that rejection has no handler and ends the process.
   */
  public consume(handle: (job: PgBoss.Job<CaseJob>) => Promise<void>): void {
    this.consumer = this.run(handle);
  }

  private async run(handle: (job: PgBoss.Job<CaseJob>) => Promise<void>): Promise<void> {
    while (!this.stopping.signal.aborted) {
      const jobs = await this.boss.fetch<CaseJob>(processCase, { batchSize: 25 }).catch((error: unknown) => {
        log.warn("no jobs fetched", { error: reason(error) });
        return [];
      });
      for (const job of jobs) await handle(job).catch((error: unknown) => this.fail(job.id, error));
      if (jobs.length === 0) await this.pause();
    }
  }

  // If the failure cannot be reported either, the job comes again when its time has expired.
  private async fail(jobId: string, cause: unknown): Promise<void> {
    log.warn("job failed", { jobId, error: reason(cause) });
    await this.boss.fail(processCase, jobId, { error: reason(cause) }).catch((error: unknown) => {
      log.warn("failed job not reported", { jobId, error: reason(error) });
    });
  }

  private async pause(): Promise<void> {
    await sleep(500, undefined, { signal: this.stopping.signal }).catch(() => undefined);
  }

  /**
   * Completes a job in the transaction that did its work, so that both are committed or neither. The third argument is
   * the job's output: pg-boss 10 declares options there, but does not use them.
   */
  public async complete(client: PoolClient, jobId: string): Promise<void> {
    await this.boss.complete(processCase, jobId, {}, { db: connection(client) });
  }

  /** Takes no more jobs and waits until those in progress are done. */
  public async stop(): Promise<void> {
    this.stopping.abort();
    await this.consumer;
    await this.boss.stop();
    this.state = "stopped";
  }
}

function connection(database: Pool | PoolClient): PgBoss.Db {
  return { executeSql: (text, values: unknown[]) => database.query<Record<string, unknown>>(text, values) };
}
