import { type ChildProcessByStdio, spawn } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { OwnEngine } from "../support/engine";
import type { LoadReport } from "../support/load";
import { FULL, PER_SECOND, REHEARSAL } from "../support/scale";
import { imagesOf } from "../support/stand-ins";
import { expectNothingLeft, expectSettled, expectUp } from "../support/expectations";
import { run, TestStack } from "../support/stack";

/**
 * Fault 24 of the design's list: Docker, or the whole host, stops in the middle of an update. And fault 45, an old host
 * with settings of its administrator: it can limit neither memory nor processor, and its default log driver is another.
 */
const PORT = 18130;
/** Two releases that can follow each other in both directions, because the older one runs on the newer schema. */
const RELEASES = ["1.5.0", "1.5.1"];
/** Cases that are not processed yet, with the state of their jobs. A job that was lost comes again after 30 s. */
const UNDONE = `
  SELECT c.id, c.created_at, j.state, j.retry_count, j.started_on, j.start_after, j.output, now()
    FROM cases c LEFT JOIN pgboss.job j ON j.data->>'caseId' = c.id::text
   WHERE c.processed_at IS NULL`;

const engine = new OwnEngine({
  lacking: ["memory", "cpu"],
  daemon: {
    "log-driver": "gelf",
    "log-opts": { "gelf-address": "udp://127.0.0.1:12201", tag: "{{.Name}}" },
    "userland-proxy": false,
  },
});
const stack = new TestStack("test-restart", PORT, engine);
let load: LoadInside;

beforeAll(async () => {
  await engine.start();
  await engine.load(imagesOf(...RELEASES));
  await stack.create({
    version: "1.5.0",
    rehearsal: REHEARSAL,
    allowSchemaAhead: "true",
    "health.soakSeconds": "4",
    "resources.api.memory": "512MB",
    "resources.api.cpus": "1",
  });
});

afterAll(async () => {
  try {
    await stack.dispose();
  } finally {
    await engine.dispose();
  }
});

/** An update during which Docker stops, when the update has printed these words, and starts again. */
async function upDisturbed(words: RegExp, disturb: () => Promise<void>): Promise<void> {
  let disturbed: Promise<boolean> | undefined;
  let over = false;
  const away = async () => {
    await disturb();
    const stillAtWork = !over;
    await engine.start();
    return stillAtWork;
  };
  const [program = "", ...args] = stack.command("up", "--yes", "--skip-preview");
  const up = await run(program, args, stack.environment(), "", (output) => {
    if (words.test(output)) disturbed ??= away();
  });
  over = true;
  expect(disturbed, up.output).toBeDefined();
  // The update may fail or not, depending on what it was waiting for. But it must have been disturbed.
  expect((await disturbed) === true || up.exitCode !== 0, up.output).toBe(true);
}

type Disturbance = [string, string, RegExp, () => Promise<void>];

/** These are left to the full scale, as is the rollback below. */
const MORE: readonly Disturbance[] = [
  ["the engine is stopped during the rehearsal", "1.5.0", /rehearsal: \S+ restored/, () => engine.stop()],
  ["the engine crashes while health must hold", "1.5.1", /requests go to/, () => engine.kill()],
];
const DISTURBED: readonly Disturbance[] = [
  ["the host loses power once the new api is healthy", "1.5.1", /api is healthy/, () => engine.cutPower()],
  ...(FULL ? MORE : []),
];

test("an install says what is not limited, and the preview after that is empty", async () => {
  const { output } = await expectUp(stack);
  expect(output).toMatch(/cannot (be )?limit/);
  await expectSettled(stack, "1.5.0");
  const asked = ["inspect", "--format", "{{.HostConfig.LogConfig.Type}}", `nestfleet-${stack.name}-postgres`];
  expect((await stack.docker.run(asked)).trim()).toBe("json-file");
  load = new LoadInside(engine, PER_SECOND);
});

describe("the next up converges, when in the middle of an update", () => {
  test.each(DISTURBED)("%s", async (_, version, words, disturb) => {
    await stack.configure({ version });
    await upDisturbed(words, disturb);
    await expectUp(stack);
    await expectSettled(stack, version);
  });
});

test("no acknowledged case is lost, and nothing is left", async () => {
  const { created } = await load.stop();
  expect(created.length).toBeGreaterThan(100);
  expect(await stack.missing(created)).toEqual([]);
  await expect.poll(() => stack.sql(UNDONE), { timeout: 60_000, interval: 1000 }).toBe("");
  await expectNothingLeft(stack);
  // A disturbed attempt may still have written that it failed.
  const served = (await stack.history()).filter(({ verdict }) => verdict !== "failed");
  const versions = ["nothing", "1.5.0", ...DISTURBED.map(([, version]) => version)];
  expect(served.map(({ from, to }) => `${from ?? "nothing"} → ${to}`)).toEqual(
    versions.slice(1).map((version, index) => `${versions[index] ?? ""} → ${version}`),
  );
});

describe.runIf(FULL)("a rollback with data, when Docker stops while requests are held", () => {
  const converges = "the next up converges, on the rows of the backup; those from before are kept";

  test(`the host loses power: ${converges}`, () => rolledBack(() => engine.cutPower()));

  test(`Docker crashes: ${converges}`, () => rolledBack(() => engine.kill()));

  async function rolledBack(disturb: () => Promise<void>): Promise<void> {
    // The first backup, because the later ones have a schema that 1.5.1 has changed.
    const files = await stack.docker.run(["exec", `nestfleet-${stack.name}-postgres`, "ls", "/backups"]);
    const [, backup = ""] = /^(\S+-1\.5\.0)\.json$/m.exec(files) ?? [];
    if ((await stack.answeringVersion()) !== "1.5.1") {
      await stack.configure({ version: "1.5.1" });
      await expectUp(stack);
    }
    await stack.sql("INSERT INTO cases (id, title, priority) VALUES (gen_random_uuid(), 'later', 'normal')");
    const rows = await stack.sql("SELECT count(*) FROM cases");
    await stack.configure({ version: "1.5.0", restore: backup });
    await upDisturbed(/requests are held/, disturb);
    await expectUp(stack);
    await expectSettled(stack, "1.5.0");
    const kept = await stack.sql("SELECT max(datname) FROM pg_database WHERE datname ~ 'replaced'");
    expect(await stack.sql("SELECT count(*) FROM cases", kept)).toBe(rows);
    expect(Number(await stack.sql("SELECT count(*) FROM cases"))).toBeLessThan(Number(rows));
    await expectNothingLeft(stack);
  }
});

/** A load from the network namespace of the Docker engine. Its requests fail while the ports cannot be reached. */
class LoadInside {
  private static readonly PROGRAM = `
    const { Load } = require("./test/support/load");
    const load = new Load(Number(process.argv[1]), Number(process.argv[2]));
    process.stdin.resume().on("end", () => load.stop().then((report) => console.log(JSON.stringify(report))));`;

  private readonly child: ChildProcessByStdio<Writable, Readable, null>;
  private readonly said: Promise<string>;

  public constructor(where: OwnEngine, perSecond: number) {
    const node = ["node", "--import", "tsx", "-e", LoadInside.PROGRAM, String(PORT), String(perSecond)];
    const [program, ...args] = where.inside(...node);
    this.child = spawn(program, args, { stdio: ["pipe", "pipe", "inherit"] });
    this.said = text(this.child.stdout);
  }

  public async stop(): Promise<LoadReport> {
    this.child.stdin.end();
    return JSON.parse(await this.said) as LoadReport;
  }
}
