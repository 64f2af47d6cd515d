import * as http from "node:http";
import { CANDIDATE_HEADER } from "../../components/host/routing/files";
import { FULL } from "./scale";

/** So many clients at once, each of which asks again as soon as it is answered. */
const CLIENTS = FULL ? 24 : 8;
/** So many requests at least must have been answered while an update ran, or it was no flood. */
export const FLOOD_REQUESTS = FULL ? 1000 : 300;
/** The host has other work on its cores, too. */
const PAUSE_MS = 100;

/** Strangers who ask for the candidate with a header of their own making, all the time. */
export class Flood {
  private readonly agent = new http.Agent({ keepAlive: true, maxSockets: CLIENTS });
  private readonly clients: Promise<void>[];
  private answered = 0;
  private over = false;

  public constructor(private readonly port: number) {
    this.clients = Array.from({ length: CLIENTS }, () => this.client());
  }

  /** Gives how many requests were answered, in whatever way. */
  public async stop(): Promise<number> {
    this.over = true;
    await Promise.all(this.clients);
    this.agent.destroy();
    return this.answered;
  }

  private async client(): Promise<void> {
    while (!this.over) {
      await this.ask();
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }

  private ask(): Promise<void> {
    return new Promise((resolve) => {
      const options = { host: "127.0.0.1", port: this.port, path: "/health", agent: this.agent };
      const request = http.get({ ...options, headers: { [CANDIDATE_HEADER]: "1" } }, (response) => {
        response.resume();
        response.on("end", () => {
          this.answered++;
        });
        response.on("close", resolve);
      });
      request.on("error", () => {
        resolve();
      });
    });
  }
}
