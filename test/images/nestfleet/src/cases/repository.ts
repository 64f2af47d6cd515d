import type { Pool } from "pg";
import { inTransaction } from "../infra/db/pool";
import type { Queue } from "../queue";
import { release } from "../release";

export interface Case {
  readonly id: string;
  readonly title: string;
  readonly priority: string;
  readonly channel?: string;
  readonly assignee?: string;
  readonly createdAt: Date;
  readonly processedAt: Date | null;
  readonly processedBy: string | null;
  readonly processedCount: number;
}

export interface NewCase {
  readonly title: string;
  readonly channel: string;
}

const { title, defaultPriority, channel, assignee, events } = release.cases;

const columns = [
  "id",
  `${title} AS title`,
  "priority",
  ...(channel ? ["channel"] : []),
  ...(assignee ? ["assignee"] : []),
  `created_at AS "createdAt"`,
  `processed_at AS "processedAt"`,
  `processed_by AS "processedBy"`,
  `processed_count AS "processedCount"`,
].join(", ");

/** Returns only after the commit, so that every id that a client gets is stored. */
export async function createCase(pool: Pool, queue: Queue, wanted: NewCase): Promise<string> {
  const values: Record<string, string> = { [title]: wanted.title, priority: defaultPriority };
  if (channel) values.channel = wanted.channel;
  const names = Object.keys(values);
  const places = names.map((_, index) => `$${index + 1}`);
  return inTransaction(pool, async (client) => {
    const inserted = await client.query<{ id: string }>(
      `INSERT INTO cases (${names.join(", ")}) VALUES (${places.join(", ")}) RETURNING id`,
      Object.values(values),
    );
    const id = inserted.rows[0]?.id;
    if (id === undefined) throw new Error("the database returned no id for a new case");
    if (events) {
      await client.query("INSERT INTO case_events (case_id, kind, release) VALUES ($1, 'created', $2)", [
        id,
        release.version,
      ]);
    }
    await queue.enqueue(client, { caseId: id });
    return id;
  });
}

export async function listCases(pool: Pool, limit: number): Promise<Case[]> {
  return (await pool.query<Case>(`SELECT ${columns} FROM cases ORDER BY created_at DESC LIMIT $1`, [limit])).rows;
}

export async function findCase(pool: Pool, id: string): Promise<Case | undefined> {
  return (await pool.query<Case>(`SELECT ${columns} FROM cases WHERE id = $1`, [id])).rows[0];
}

export async function countCases(pool: Pool): Promise<number> {
  return (await pool.query<{ count: number }>("SELECT count(*)::integer AS count FROM cases")).rows[0]?.count ?? 0;
}
