import { expect } from "vitest";
import { Load, type LoadReport } from "./load";
import { PER_SECOND } from "./scale";
import type { Ran, TestStack } from "./stack";

const ONE_OF_EACH = { postgres: 1, api: 1, worker: 1, console: 1, caddy: 1 };

/** An update that succeeds; what it said is the reason when it does not. */
export async function expectUp(stack: TestStack, ...options: string[]): Promise<Ran> {
  const up = await stack.up(...options);
  expect(up.exitCode, up.output).toBe(0);
  return up;
}

/**
 * Updates under load, to a release or to what is configured; what was acknowledged must be there afterwards, whatever
 * came of the update.
 */
export async function upUnderLoad(stack: TestStack, version?: string): Promise<{ up: Ran; report: LoadReport }> {
  if (version !== undefined) await stack.configure({ version });
  const load = new Load(stack.httpPort, PER_SECOND);
  const up = await stack.up();
  const report = await load.stop();
  expect(await stack.missing(report.created)).toEqual([]);
  return { up, report };
}

/** Nothing to do, as the host has it: what the state has is compared with that first. */
export async function expectNoChange(stack: TestStack): Promise<void> {
  expect(await stack.preview("--refresh")).toEqual([]);
}

/** Nothing to do, as the state has it and as the host does. After each kind of update once. */
export async function expectNoChangeAtAll(stack: TestStack): Promise<void> {
  expect(await Promise.all([stack.preview(), stack.preview("--refresh")])).toEqual([[], []]);
}

/** One of each runs, and the version that is meant to serve does. */
export async function expectServes(stack: TestStack, version: string): Promise<void> {
  const running = await stack.containers();
  const counts = Object.fromEntries(Object.entries(running).map(([role, ids]) => [role, ids.length]));
  expect(counts).toEqual(ONE_OF_EACH);
  expect(await stack.answeringVersion()).toBe(version);
}

/** Nothing to do, one of each, and the version that is meant to serve does. */
export async function expectSettled(stack: TestStack, version: string): Promise<void> {
  await expectNoChange(stack);
  await expectServes(stack, version);
}

/** A rollback with data, which changes what its preview has said, and leaves the cases of those titles. */
export async function expectRolledBack(
  stack: TestStack,
  version: string,
  restore: string,
  titles: readonly string[],
): Promise<void> {
  await stack.configure({ version, restore });
  const { changes } = await stack.previewed();
  const up = await expectUp(stack);
  expect(stack.changed(up)).toEqual(changes);
  expect(await stack.sql("SELECT title FROM cases ORDER BY created_at")).toBe(titles.join("\n"));
  await expectSettled(stack, version);
  await expectNothingLeft(stack);
}

/** Neither a process, nor a lock, nor a copy of the database, nor half a backup, whatever an update was in the middle of. */
export async function expectNothingLeft(stack: TestStack): Promise<void> {
  await expect.poll(() => stack.processes(), { timeout: 10_000 }).toEqual([]);
  expect(await stack.volumes()).not.toContain(`nestfleet-${stack.name}-lock`);
  expect(await stack.sql("SELECT count(*) FROM pg_database WHERE datname ~ 'rehearsal|restoring'")).toBe("0");
  const list = ["exec", `nestfleet-${stack.name}-postgres`, "ls", "-A", "/backups"];
  expect(await stack.docker.run(list)).not.toContain("partial");
}
