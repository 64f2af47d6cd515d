import { once } from "node:events";
import * as http from "node:http";
import type { AddressInfo } from "node:net";
import type { Entrance } from "../../components/host/routing/entrance";
import { activeFile, CANDIDATE_HEADER, CANDIDATE_TOKEN, candidateFile } from "../../components/host/routing/files";
import { SimulatedHost } from "./simulated-host";

/** A request that has arrived: the container that it was routed to, and whether as a candidate. */
export interface Arrival {
  readonly container: string;
  readonly path: string;
  readonly candidate: boolean;
}

/** The proxy of a simulated host. It routes each request by the content of the upstream files at that moment. */
export class SimulatedSite {
  public readonly arrivals: Arrival[] = [];
  /** Gives the status of the answer to a request. */
  public status: (arrival: Arrival) => number = () => 200;
  /** The version that an api answers with. */
  public version = "1.5.0";
  private readonly server = http.createServer((request, response) => {
    const arrival = this.arrivalOf(request);
    this.arrivals.push(arrival);
    const { container, path } = arrival;
    response.statusCode = this.host.running().includes(container) ? this.status(arrival) : 503;
    response.end(path === "/health" ? JSON.stringify({ status: "ok", db: "ok", version: this.version }) : "a page");
  });

  public constructor(private readonly host: SimulatedHost) {}

  /** Starts the proxy. Gives the address at which users reach it. */
  public async open(): Promise<Entrance> {
    this.server.listen(0, "127.0.0.1");
    await once(this.server, "listening");
    const { port } = this.server.address() as AddressInfo;
    return {
      url: "http://localhost",
      domain: "localhost",
      http: { bind: ["127.0.0.1"], httpPort: port, httpsPort: 1 },
      schemes: ["http"],
      trust: "public",
      health: { version: "compare" },
    };
  }

  public close(): void {
    this.server.closeAllConnections();
    this.server.close();
  }

  private arrivalOf({ url: path = "", headers }: http.IncomingMessage): Arrival {
    const content = (file: string) => this.host.files.get(file)?.trim() ?? "";
    const candidate = headers[CANDIDATE_HEADER.toLowerCase()] === content(CANDIDATE_TOKEN);
    const file = candidate ? candidateFile : activeFile;
    return { container: content(file(path === "/health" ? "api" : "console")), path, candidate };
  }
}
