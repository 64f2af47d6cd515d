import PgBoss from "pg-boss";
import type { Pool, PoolClient } from "pg";
import { log, reason } from "./infra/log";

const processCase = "case.process";

export interface CaseJob {
  readonly caseId: string;
}

/** The job queue in PostgreSQL. It speaks through the pool it is given, so that closing has one order. */
export class Queue {
  private state: "stopped" | "started" = "stopped";
  private readonly boss: PgBoss;

  constructor(pool: Pool) {
    this.boss = new PgBoss({ db: connection(pool), schedule: false });
    this.boss.on("error", (error) => log.warn("queue", { error: reason(error) }));
  }

  get status(): "stopped" | "started" {
    return this.state;
  }

  async start(): Promise<void> {
    await this.boss.start();
    await this.boss.createQueue(processCase, { name: processCase, retryLimit: 10, retryDelay: 1, expireInSeconds: 60 });
    this.state = "started";
  }

  /** Part of the caller's transaction: no case without its job, no job without its case. */
  async enqueue(client: PoolClient, job: CaseJob): Promise<void> {
    await this.boss.send(processCase, job, { db: connection(client) });
  }

  async consume(handle: (job: PgBoss.Job<CaseJob>) => Promise<void>): Promise<void> {
    await this.boss.work<CaseJob>(processCase, { batchSize: 25, pollingIntervalSeconds: 0.5 }, async (jobs) => {
      for (const job of jobs) await handle(job);
    });
  }

  /** Within the transaction that did the work, so that done and known to be done are one fact. */
  async complete(client: PoolClient, jobId: string): Promise<void> {
    await this.boss.complete(processCase, jobId, { db: connection(client) });
  }

  /** Lets the jobs that run come to their end. */
  async stop(): Promise<void> {
    await this.boss.stop({ graceful: true, wait: true, timeout: 20_000 });
    this.state = "stopped";
  }
}

function connection(database: Pool | PoolClient): PgBoss.Db {
  return { executeSql: (text, values: unknown[]) => database.query<Record<string, unknown>>(text, values) };
}
