import { randomUUID } from "node:crypto";
import type { Database } from "./database";
import type { Execution } from "../docker/execution";
import { Refusal } from "../output";

interface Question {
  readonly mark: string;
  readonly answer: string[];
  readonly resolve: (answer: string[]) => void;
  readonly reject: (reason: Error) => void;
}

/** One connection to the database that stays open, as transactions, snapshots and advisory locks need. */
export class Session {
  private readonly execution: Execution;
  private readonly asked: Question[] = [];
  private over: Error | undefined;

  public constructor(database: Database, application: string, name: string, signal?: AbortSignal) {
    this.execution = database.converse(application, name, {
      signal,
      onLine: (line) => {
        this.hear(line);
      },
    });
    void this.execution.ended.then(({ stderr }) => {
      this.over = new Refusal(stderr || "the connection to the database was closed");
      for (const { reject } of this.asked.splice(0)) reject(this.over);
    });
  }

  /** Sends statements and returns the lines of their answers. The signal ends the session, also in the middle. */
  public async query(sql: string, signal?: AbortSignal): Promise<string[]> {
    if (this.over !== undefined) throw this.over;
    const mark = randomUUID();
    const kill = () => {
      this.execution.kill();
    };
    signal?.throwIfAborted();
    signal?.addEventListener("abort", kill);
    try {
      return await new Promise<string[]>((resolve, reject) => {
        this.asked.push({ mark, answer: [], resolve, reject });
        this.execution.write(`${sql}\n\\echo ${mark}\n`);
      });
    } finally {
      signal?.removeEventListener("abort", kill);
    }
  }

  /** Ends the connection, and with it the transaction and the locks. */
  public async close(): Promise<void> {
    this.execution.close();
    await this.execution.ended;
  }

  private hear(line: string): void {
    const question = this.asked[0];
    if (question === undefined) return;
    if (line === question.mark) {
      this.asked.shift();
      question.resolve(question.answer);
    } else {
      question.answer.push(line);
    }
  }
}
