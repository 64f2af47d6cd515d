import type { Pool } from "pg";
import { Refusal } from "../infra/http/refusal";
import type { Route } from "../infra/http/server";
import type { Queue } from "../queue";
import { countCases, createCase, findCase, listCases } from "./repository";

const maxTitle = 500;
const maxLimit = 1_000;

export function caseRoutes(pool: Pool, queue: Queue): Route[] {
  return [
    {
      method: "POST",
      path: /^\/api\/cases$/,
      handle: async ({ json }) => {
        const body = await json();
        const title = text(body.title);
        if (title === undefined || title === "" || title.length > maxTitle) {
          throw new Refusal(400, `title must be a text of 1 to ${maxTitle} characters`);
        }
        return {
          status: 201,
          body: { id: await createCase(pool, queue, { title, channel: text(body.channel) ?? "web" }) },
        };
      },
    },
    {
      method: "GET",
      path: /^\/api\/cases$/,
      handle: async ({ query }) => {
        const limit = Number(query.get("limit") ?? 50);
        if (!Number.isInteger(limit) || limit < 1 || limit > maxLimit) {
          throw new Refusal(400, `limit must be a whole number from 1 to ${maxLimit}`);
        }
        return { status: 200, body: { cases: await listCases(pool, limit) } };
      },
    },
    {
      method: "GET",
      path: /^\/api\/cases\/count$/,
      handle: async () => ({ status: 200, body: { count: await countCases(pool) } }),
    },
    {
      method: "GET",
      path: /^\/api\/cases\/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/,
      handle: async ({ parameters: [id = ""] }) => {
        const found = await findCase(pool, id);
        if (found === undefined) throw new Refusal(404, `no case ${id}`);
        return { status: 200, body: found };
      },
    },
  ];
}

function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
