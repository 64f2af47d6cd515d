import type { Pool } from "pg";
import { Refusal } from "../infra/http/refusal";
import type { Route } from "../infra/http/server";
import { open, seal } from "./seal";

const path = /^\/api\/credentials\/([a-z0-9-]{1,60})$/;

/** The stored credentials. Only their length is shown, which is enough to see whether the key can decrypt them. */
export function credentialRoutes(pool: Pool, key: Buffer): Route[] {
  return [
    {
      method: "PUT",
      path,
      handle: async ({ parameters: [name = ""], json }) => {
        const { value } = await json();
        if (typeof value !== "string" || value === "") throw new Refusal(400, "value must be a text");
        await pool.query(
          `INSERT INTO credentials (name, sealed) VALUES ($1, $2)
             ON CONFLICT (name) DO UPDATE SET sealed = excluded.sealed, updated_at = now()`,
          [name, seal(key, value)],
        );
        return { status: 200, body: { name } };
      },
    },
    {
      method: "GET",
      path,
      handle: async ({ parameters: [name = ""] }) => {
        const found = await pool.query<{ sealed: Buffer }>("SELECT sealed FROM credentials WHERE name = $1", [name]);
        const sealed = found.rows[0]?.sealed;
        if (sealed === undefined) throw new Refusal(404, `no credential ${name}`);
        try {
          return { status: 200, body: { name, length: open(key, sealed).length } };
        } catch (error) {
          throw new Refusal(409, `SECRET_ENCRYPTION_KEY does not open credential ${name}`, { cause: error });
        }
      },
    },
  ];
}
