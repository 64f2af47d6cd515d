import { expect } from "vitest";
import { Load, type LoadReport } from "./load";
import { FULL, PER_SECOND } from "./scale";
import type { TestStack, Update } from "./stack";

const ONE_OF_EACH = { postgres: 1, api: 1, worker: 1, console: 1, caddy: 1 };

/** Runs an update, and expects that it succeeds. If it does not, the failure shows its output. */
export async function expectUp(stack: TestStack, ...options: string[]): Promise<Update> {
  const up = await stack.up(...options);
  expect(up.exitCode, up.output).toBe(0);
  return up;
}

/**
 * Updates under load, to a version or to what is configured. Every case that the api has acknowledged must exist
 * afterwards, also if the update has failed.
 */
export async function upUnderLoad(stack: TestStack, version?: string): Promise<{ up: Update; report: LoadReport }> {
  if (version !== undefined) await stack.configure({ version });
  const load = new Load(stack.httpPort, PER_SECOND);
  const up = await stack.up();
  const report = await load.stop();
  expect(await stack.missing(report.created)).toEqual([]);
  return { up, report };
}

/**
 * Expects that a preview finds nothing to do, after a refresh of the state from the Docker host. In the full scale also
 * without a refresh.
 */
export async function expectNoChange(stack: TestStack): Promise<void> {
  if (FULL) await expectNoChangeAtAll(stack);
  else expect(await stack.preview("--refresh")).toEqual([]);
}

/** Expects that a preview finds nothing to do, with and without a refresh. Used once after each kind of update. */
export async function expectNoChangeAtAll(stack: TestStack): Promise<void> {
  expect(await Promise.all([stack.preview(), stack.preview("--refresh")])).toEqual([[], []]);
}

/** Expects that one container of each role runs, and that `/health` answers this version. */
export async function expectServes(stack: TestStack, version: string): Promise<void> {
  const running = await stack.containers();
  const counts = Object.fromEntries(Object.entries(running).map(([role, ids]) => [role, ids.length]));
  expect(counts).toEqual(ONE_OF_EACH);
  expect(await stack.answeringVersion()).toBe(version);
}

/** Expects no change, one container of each role, and that `/health` answers this version. */
export async function expectSettled(stack: TestStack, version: string): Promise<void> {
  await expectNoChange(stack);
  await expectServes(stack, version);
}

/** In the full scale `expectSettled`. Otherwise without a preview: another test has one after the same kind of update. */
export function expectServesOrSettled(stack: TestStack, version: string): Promise<void> {
  return FULL ? expectSettled(stack, version) : expectServes(stack, version);
}

/** Rolls back with data. Expects the changes that the preview showed, and the cases with those titles. */
export async function expectRolledBack(
  stack: TestStack,
  version: string,
  restore: string,
  titles: readonly string[],
): Promise<void> {
  await stack.configure({ version, restore });
  const { changes } = await stack.previewed();
  const up = await expectUp(stack);
  expect(up.changed, up.output).toEqual(changes);
  expect(await stack.sql("SELECT title FROM cases ORDER BY created_at")).toBe(titles.join("\n"));
  await expectSettled(stack, version);
  await expectNothingLeft(stack);
}

/** Expects that no process, no lock, no copy of the database and no incomplete backup is left. */
export async function expectNothingLeft(stack: TestStack): Promise<void> {
  await expect.poll(() => stack.processes(), { timeout: 10_000 }).toEqual([]);
  expect(await stack.volumes()).not.toContain(`nestfleet-${stack.name}-lock`);
  expect(await stack.sql("SELECT count(*) FROM pg_database WHERE datname ~ 'rehearsal|restoring'")).toBe("0");
  const list = ["exec", `nestfleet-${stack.name}-postgres`, "ls", "-A", "/backups"];
  expect(await stack.docker.run(list)).not.toContain("partial");
}
