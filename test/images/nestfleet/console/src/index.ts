import { close, httpServer, listen } from "../../src/infra/http/server";
import type { Response, Route } from "../../src/infra/http/server";
import { log, reason } from "../../src/infra/log";
import { onStop, run } from "../../src/infra/process";
import { release } from "../../src/release";
import { fetchOverview } from "./api";
import { casesPage, loginPage, unreachablePage } from "./pages";

const port = 3002;

const html = (status: number, page: string): Response => ({
  status,
  body: Buffer.from(page),
  type: "text/html; charset=utf-8",
});

function routes(api: string): Route[] {
  return [
    { method: "GET", path: /^\/login$/, handle: () => Promise.resolve(html(200, loginPage())) },
    {
      method: "GET",
      path: /^\/$/,
      handle: async () => {
        try {
          return html(200, casesPage(await fetchOverview(api)));
        } catch (error) {
          log.warn("api not reached", { error: reason(error) });
          return html(503, unreachablePage());
        }
      },
    },
  ];
}

run(async () => {
  const api = process.env.INTERNAL_API_URL;
  if (!api || !URL.canParse(api)) throw new Error("INTERNAL_API_URL is required and must be a URL");
  const server = httpServer(routes(api));
  onStop(() => close(server));
  await listen(server, port);
  log.info("listening", { port, version: release.version });
});
