import { type ChildProcess, spawn } from "node:child_process";
import { sleep } from "../../components/host/output";
import { Load } from "../support/load";
import { FULL, seed, UPGRADE_MEGABYTES } from "../support/scale";
import { type Ran, TestStack } from "../support/stack";

/**
 * Measures what users notice of an upgrade and of a rollback with data, at 100 requests a second through Caddy, a third
 * of them writes: how many requests failed, and how long the slowest took. `npm run bench`, with
 * NESTFLEET_TEST_SCALE=full for the amounts in docs/benchmarks.md, and the word `upgrades` or `rollbacks` for only one
 * of the two. The load and the update run on the same machine as Docker.
 */
let stack = newStack();
/** Rows that become 1.3 GB on disk. A test that runs beside others rolls back less. */
const ROLLBACK_MEGABYTES = FULL ? 1000 : 20;
const PER_SECOND = 100;
const ALONE_SECONDS = 40;
/** Several in a row: a single good run may be luck. */
const RUNS = 3;
/** The number of steps of an update that are printed, the longest first. */
const STEPS = 8;
/** The time under load before the update starts. */
const BEFORE_SECONDS = 10;

async function main(): Promise<void> {
  const [, , only] = process.argv;
  try {
    if (only !== "rollbacks") await upgrades();
    if (only !== "upgrades") await rollbacks();
  } finally {
    await stack.dispose();
  }
}

async function upgrades(): Promise<void> {
  await begin(UPGRADE_MEGABYTES);
  await alone();
  await measured("upgrade 1.4.2 → 1.5.0", { version: "1.5.0" });
  await measured("upgrade 1.5.0 → 1.5.1", { version: "1.5.1" });
}

async function rollbacks(): Promise<void> {
  await begin(ROLLBACK_MEGABYTES);
  for (let run = 1; run <= RUNS; run++) {
    await measured("upgrade 1.4.2 → 1.5.0", { version: "1.5.0" });
    await rollback("rollback 1.5.0 → 1.4.2 with its data");
  }
  await measured("upgrade 1.4.2 → 1.5.0", { version: "1.5.0" });
  const disk = keepDiskBusy();
  await rollback("the same, while another process writes all the time").finally(() => disk.kill());
}

/**
 * Makes a new stack of 1.4.2 with that much data, in the condition of a stack that has run for a while. The first
 * reader of newly loaded rows writes every page once more, and the kernel writes the loaded data half a minute later.
 */
async function begin(megabytes: number): Promise<void> {
  await stack.dispose();
  stack = newStack();
  await stack.create({ version: "1.4.2" });
  await must(stack.up());
  await stack.sql(seed(megabytes));
  await stack.sql("VACUUM (ANALYZE)");
  await stack.sql("CHECKPOINT");
}

function newStack(): TestStack {
  return new TestStack("bench-requests", 18170);
}

async function rollback(name: string): Promise<void> {
  const backup = (await stack.history()).at(-1)?.backup ?? "";
  await measured(name, { version: "1.4.2", restore: backup });
  console.log(`requests were held for ${(await stack.history()).at(-1)?.heldSeconds?.toFixed(1) ?? "?"} s`);
}

/** Writes to Docker's disk as the backup of another program does, and waits for the disk after each half gigabyte. */
function keepDiskBusy(): ChildProcess {
  const writing = "while dd if=/dev/zero of=/backups/busy bs=1M count=512 conv=fsync status=none; do :; done";
  return spawn("docker", [
    "--host",
    stack.docker.host,
    "exec",
    "-i",
    `nestfleet-${stack.name}-postgres`,
    "sh",
    "-c",
    `${writing} & cat; kill $!`,
  ]);
}

/** Measures the same load without an update. The difference is what an update adds. */
async function alone(): Promise<void> {
  const load = new Load(stack.httpPort, PER_SECOND);
  await sleep(ALONE_SECONDS * 1000);
  const { sent, failed, slowest } = await load.stop();
  console.log(
    `no update: ${ALONE_SECONDS} s, ${sent} requests, ${failed.length} failed, slowest ${slowest.milliseconds} ms (${slowest.label})`,
  );
}

async function measured(name: string, config: Record<string, string>): Promise<void> {
  const megabytes = Number(await stack.sql("SELECT pg_database_size('nestfleet') / 1000000"));
  await stack.configure(config);
  await stack.preview();
  const load = new Load(stack.httpPort, PER_SECOND);
  await sleep(BEFORE_SECONDS * 1000);
  const began = Date.now();
  const { seconds, output } = await must(stack.up());
  const { sent, failed, slowest } = await load.stop();
  console.log(
    `${name}, ${megabytes} MB: ${seconds.toFixed(0)} s, ${sent} requests, ${failed.length} failed, slowest ${slowest.milliseconds} ms (${slowest.label}, after ${((slowest.at - began) / 1000).toFixed(0)} s)`,
  );
  console.log(`  ${longestSteps(output).join(", ")}`);
}

/** Each resource that took a second or more, with its seconds as Pulumi prints them: the longest first. */
function longestSteps(output: string): string[] {
  const done = /-requests-(\S+) (?:created|updated|created replacement) \((\d+)s\)/g;
  const steps = [...output.matchAll(done)].map(([, name = "", seconds = ""]) => ({ name, seconds: Number(seconds) }));
  return steps
    .sort((one, other) => other.seconds - one.seconds)
    .slice(0, STEPS)
    .map(({ name, seconds }) => `${name} ${seconds} s`);
}

async function must(running: Promise<Ran>): Promise<Ran> {
  const ran = await running;
  if (ran.exitCode !== 0) throw new Error(ran.output);
  return ran;
}

void main();
