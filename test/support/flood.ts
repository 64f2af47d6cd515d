import * as http from "node:http";
import { CANDIDATE_HEADER } from "../../components/host/routing/files";
import { FULL } from "./scale";

/** The number of clients, each of which sends the next request a pause after its last answer. */
const CLIENTS = FULL ? 24 : 8;
/** The number of requests that must have been answered during an update. With fewer, it was not a flood. */
export const FLOOD_REQUESTS = FULL ? 1000 : 300;
/** The pause leaves processor time to the other processes of the machine. */
const PAUSE_MS = 100;

/** A flood of requests for the candidate, with a token that is not valid. */
export class Flood {
  private readonly agent = new http.Agent({ keepAlive: true, maxSockets: CLIENTS });
  private readonly clients: Promise<void>[];
  private answered = 0;
  private over = false;

  public constructor(private readonly port: number) {
    this.clients = Array.from({ length: CLIENTS }, () => this.client());
  }

  /** Ends the flood. Gives the number of requests that were answered, with any status. */
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
