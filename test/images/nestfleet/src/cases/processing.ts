import { hostname } from "node:os";
import type { Pool } from "pg";
import { inTransaction } from "../infra/db/pool";
import { log } from "../infra/log";
import type { Queue } from "../queue";
import { release } from "../release";

const { title, events } = release.cases;
const processor = `${hostname()} ${release.version}`;

/** Marks each case once. A repeated job does not change the case, and adds a row to `duplicate_jobs`. */
export function processCases(pool: Pool, queue: Queue): void {
  queue.consume(async (job) => {
    const { caseId } = job.data;
    await inTransaction(pool, async (client) => {
      const first = await client.query(
        "INSERT INTO processed_jobs (job_id, case_id) VALUES ($1, $2) ON CONFLICT (job_id) DO NOTHING",
        [job.id, caseId],
      );
      if (first.rowCount === 0) {
        await client.query("INSERT INTO duplicate_jobs (job_id, case_id, seen_by) VALUES ($1, $2, $3)", [
          job.id,
          caseId,
          processor,
        ]);
        log.warn("job came again", { jobId: job.id, caseId });
        return;
      }
      const found = await client.query<{ title: string }>(`SELECT ${title} AS title FROM cases WHERE id = $1`, [
        caseId,
      ]);
      await client.query(
        `UPDATE cases
            SET processed_at = now(), processed_by = $2, processed_count = processed_count + 1, embedding = $3
          WHERE id = $1`,
        [caseId, processor, embed(found.rows[0]?.title ?? "")],
      );
      if (events) {
        await client.query("INSERT INTO case_events (case_id, kind, release) VALUES ($1, 'processed', $2)", [
          caseId,
          release.version,
        ]);
      }
      await queue.complete(client, job.id);
    });
  });
}

/** A vector of length, number of words and share of vowels, which depends on the text only. */
function embed(text: string): string {
  const words = text.split(/\s+/).filter(Boolean).length;
  const vowels = text.replace(/[^aeiou]/gi, "").length;
  return JSON.stringify([text.length, words, text.length === 0 ? 0 : vowels / text.length]);
}
