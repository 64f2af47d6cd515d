import * as http from "node:http";

/** A request that was sent, and its result. */
interface Outcome {
  readonly label: string;
  readonly status: number;
  readonly milliseconds: number;
  readonly at: number;
  readonly detail: string;
}

export interface LoadReport {
  readonly sent: number;
  /** Requests without an answer, or with another answer than expected. */
  readonly failed: readonly Outcome[];
  readonly slowest: Pick<Outcome, "label" | "milliseconds" | "at">;
  /** Ids of the cases that the api has acknowledged. Each must exist afterwards. */
  readonly created: readonly string[];
}

/** A request of the mix, and the status that counts as success. */
interface Shape {
  readonly label: string;
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly body?: () => string;
  readonly expected: number;
}

/** A third of the requests write. The others read from the api, through the console, and from `/health`. */
const MIX: readonly Shape[] = [
  {
    label: "create",
    method: "POST",
    path: "/api/cases",
    body: () => JSON.stringify({ title: `load ${sequence++}` }),
    expected: 201,
  },
  { label: "list", method: "GET", path: "/api/cases?limit=5", expected: 200 },
  { label: "health", method: "GET", path: "/health", expected: 200 },
  {
    label: "create",
    method: "POST",
    path: "/api/cases",
    body: () => JSON.stringify({ title: `load ${sequence++}` }),
    expected: 201,
  },
  { label: "login", method: "GET", path: "/login", expected: 200 },
  { label: "page", method: "GET", path: "/", expected: 200 },
];

const NONE = { label: "none", milliseconds: 0, at: 0 };

let sequence = 0;

/**
 * A steady load from a client that keeps its connections alive, as browsers do. It is an open loop: a request is sent
 * when it is due, also if earlier ones have no answer yet. So a stall counts for every request that it delays.
 */
export class Load {
  private readonly outcomes: Outcome[] = [];
  private readonly created: string[] = [];
  private readonly agent = new http.Agent({ keepAlive: true, maxSockets: 64 });
  private readonly pending = new Set<Promise<void>>();
  private readonly timer: NodeJS.Timeout;
  private readonly started = Date.now();
  private sent = 0;

  /** Sends `perSecond` requests a second to `port` on loopback. */
  public constructor(
    private readonly port: number,
    private readonly perSecond: number,
  ) {
    this.timer = setInterval(() => {
      this.sendDue();
    }, 10);
  }

  /** Stops sending, and waits for the open requests. */
  public async stop(): Promise<LoadReport> {
    clearInterval(this.timer);
    await Promise.all(this.pending);
    this.agent.destroy();
    return {
      sent: this.sent,
      failed: this.outcomes.filter(({ status }) => status === 0),
      slowest: this.outcomes.reduce((one, other) => (other.milliseconds > one.milliseconds ? other : one), NONE),
      created: this.created,
    };
  }

  private sendDue(): void {
    const due = Math.floor(((Date.now() - this.started) / 1000) * this.perSecond);
    while (this.sent < due) {
      const shape = MIX[this.sent++ % MIX.length];
      if (shape === undefined) return;
      const sending = this.send(shape).then((outcome) => {
        this.outcomes.push(outcome);
        this.pending.delete(sending);
      });
      this.pending.add(sending);
    }
  }

  private send({ label, method, path, body, expected }: Shape): Promise<Outcome> {
    const at = Date.now();
    const outcome = (status: number, detail: string): Outcome => ({
      label,
      status,
      milliseconds: Date.now() - at,
      at,
      detail,
    });
    return new Promise((resolve) => {
      const headers = body === undefined ? {} : { "content-type": "application/json" };
      const request = http.request(
        { host: "127.0.0.1", port: this.port, method, path, agent: this.agent, headers, timeout: 60_000 },
        (response) => {
          const chunks: Buffer[] = [];
          response.on("data", (chunk: Buffer) => chunks.push(chunk));
          response.on("error", (error) => {
            resolve(outcome(0, error.message));
          });
          response.on("end", () => {
            const text = Buffer.concat(chunks).toString();
            const { statusCode = 0 } = response;
            if (statusCode !== expected) resolve(outcome(0, `${statusCode} ${text.slice(0, 200)}`));
            else {
              if (expected === 201) this.created.push(String((JSON.parse(text) as { id: unknown }).id));
              resolve(outcome(statusCode, ""));
            }
          });
        },
      );
      request.on("timeout", () => request.destroy(new Error("no answer within 60 s")));
      request.on("error", (error) => {
        resolve(outcome(0, error.message));
      });
      request.end(body?.());
    });
  }
}
