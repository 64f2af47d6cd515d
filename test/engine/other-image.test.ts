import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Load } from "../support/load";
import { expectNoChange, expectServes, expectServesOrSettled, expectSettled, expectUp } from "../support/expectations";
import { planned, refusalOf } from "../support/planned";
import { FULL, PER_SECOND } from "../support/scale";
import { run, TestStack } from "../support/stack";

const IMAGES = join(__dirname, "../images");
const REGISTRY = "127.0.0.1:5055";
/** A tag that names an image with another C library in the middle of the test. */
const MOVING = `${REGISTRY}/postgres:17-moving`;
/** Repositories in a registry, as those of the releases. Without a registry, an image has no known repository. */
const CONSOLE = `${REGISTRY}/nestfleet/console-of-moving`;

const stack = new TestStack("test-moving", 18200);

/**
 * Images that are kept between runs, like the others of the demo release, because Docker builds them from its cache.
 */
const before = "nestfleet-standin/postgres:17-trixie";
const after = "nestfleet-standin/postgres:17-sid";

beforeAll(async () => {
  await build(before, "--build-arg", "SUITE=trixie", join(IMAGES, "postgres-glibc"));
  await build(after, "--build-arg", "SUITE=sid", join(IMAGES, "postgres-glibc"));
  await stack.docker.run(["tag", before, MOVING]);
});

afterAll(async () => {
  await stack.dispose();
  for (const image of [MOVING, `${CONSOLE}:1.4.2`])
    await stack.docker.run(["image", "rm", image]).catch(() => undefined);
});

async function build(tag: string, ...args: string[]): Promise<void> {
  const built = await run("docker", ["--host", stack.docker.host, "build", "--force-rm", "--tag", tag, ...args]);
  if (built.exitCode !== 0) throw new Error(built.output);
}

async function collationVersion(): Promise<string> {
  return stack.sql("SELECT datcollversion FROM pg_database WHERE datname = 'nestfleet'");
}

describe("the tag of postgres names an image with another C library", () => {
  /** The file of an index on text, before it was rebuilt. */
  let node = "";

  test("the preview names it, and changes nothing by itself", async () => {
    await stack.create({ version: "1.4.2", "images.postgres": MOVING });
    await expectUp(stack);
    await stack.sql(`
      CREATE TABLE words (word text PRIMARY KEY, partial text);
      CREATE UNIQUE INDEX words_partial ON words (lower(partial)) WHERE partial <> '';
      INSERT INTO words SELECT md5(n::text), 'p' || n FROM generate_series(1, 2000) n;`);
    expect(await collationVersion()).toBe("2.41");
    node = await stack.sql("SELECT pg_relation_filenode('words_pkey')");
    await stack.docker.run(["tag", after, MOVING]);
    const { changes, summary } = await stack.previewed();
    expect(changes).toEqual([]);
    expect(summary).toMatch(
      /warning +postgres runs [0-9a-f]{12}; its tag \S+postgres:17-moving names [0-9a-f]{12} now, made \S+: \S+ up --refresh --stack test-moving restarts postgres on it; its C library is another one \(glibc 2\.41 to glibc 2\.4[2-9]\), so indexes on text are rebuilt/,
    );
  });

  test("with --refresh postgres restarts on it; the update fails on an index that cannot be rebuilt, with the statement that finds the rows", async () => {
    await stack.sql(`
      UPDATE pg_index SET indisready = false WHERE indexrelid = 'words_partial'::regclass;
      INSERT INTO words VALUES ('one more', 'P1');
      UPDATE pg_index SET indisready = true WHERE indexrelid = 'words_partial'::regclass;`);
    const load = new Load(stack.httpPort, PER_SECOND);
    const refused = await stack.up("--refresh");
    const report = await load.stop();
    expect(await stack.missing(report.created)).toEqual([]);
    expect(refused.exitCode).not.toBe(0);
    expect(refused.output).toMatch(/nestfleet: rebuilding \d+ indexes/);
    expect(refused.output).toMatch(/words_partial cannot be rebuilt: .*duplicated/);
    const [, find = ""] = /find the rows: (SELECT .*);/.exec(refused.output) ?? [];
    expect(await stack.sql(find)).toBe("p1|2");
    expect(await collationVersion()).toBe("2.41");
    await expectServes(stack, "1.4.2");
  });

  test("after the fix it continues, and rebuilds the indexes that it sorts otherwise; no acknowledged row is lost", async () => {
    expect((await planned(stack)).text).toMatch(
      /reindex +up to \d+ indexes on text \(\S+ [kM]B\), while requests are served.*2\.41/,
    );
    await stack.sql("DELETE FROM words WHERE word = 'one more'");
    const load = new Load(stack.httpPort, PER_SECOND);
    await expectUp(stack);
    const report = await load.stop();
    expect(await stack.missing(report.created)).toEqual([]);
    expect(await collationVersion()).toMatch(/^2\.4[2-9]$/);
    expect(await stack.sql("SELECT pg_relation_filenode('words_pkey')")).not.toBe(node);
    expect(await stack.sql("SELECT count(*) FROM pg_index WHERE NOT indisvalid")).toBe("0");
    expect(await stack.sql("SELECT count(*) FROM pg_class WHERE relname ~ '_ccnew'")).toBe("0");
    await expectServesOrSettled(stack, "1.4.2");
  });
});

describe("a release's images", () => {
  beforeAll(async () => {
    const dockerfile = `FROM ${REGISTRY}/nestfleet/nestfleet-console:1.4.2\nLABEL org.nestfleet.test=moving`;
    await stack.docker.run(["build", "--force-rm", "--tag", `${CONSOLE}:1.4.2`, "-"], dockerfile);
    await stack.docker.run(["push", "--quiet", `${CONSOLE}:1.4.2`]);
  });

  /** Gives the refusal of a configuration that must have exactly one problem. */
  async function refused(title: string): Promise<string> {
    const text = await refusalOf(stack, {});
    expect(text).toContain("1 problem; nothing was touched");
    expect(text).toContain(title);
    return text;
  }

  async function typed(command: string): Promise<void> {
    const { exitCode, output } = await run("sh", ["-c", command], stack.environment());
    expect(exitCode, output).toBe(0);
  }

  test("a console of another repository is not a moved tag; one that was moved is refused, and the command moves it back", async () => {
    await stack.configure({ "images.console": CONSOLE });
    await expectUp(stack);
    await stack.docker.run(["tag", "nestfleet-standin/console:1.5.0", `${CONSOLE}:1.4.2`]);
    const text = await refused("the tag 1.4.2 of console was moved to another image");
    expect(text).toMatch(/or accept the other one: \S+ config set --stack test-moving nestfleet:allowMovingTag true/);
    const [, back = ""] = /return to the known image: (docker .*)/.exec(text) ?? [];
    await typed(back);
    expect(await stack.preview()).toEqual([]);
  });

  test("a worker of another repository is not a moved tag", async () => {
    await stack.configure({ "images.worker": `${REGISTRY}/nestfleet/nestfleet-worker` });
    expect(await stack.preview()).toContain("create nestfleet-test-moving-worker");
    await stack.unset("images.worker");
  });

  test("an image that is not the pinned one is refused; the command pins the present one, which is accepted", async () => {
    const digest = `sha256:${"0".repeat(64)}`;
    await stack.configure({ "images.digests.console": digest });
    const text = await refused(`${CONSOLE}:1.4.2 is not the image that is pinned for console`);
    expect(text).toContain(`pull ${CONSOLE}@${digest} && docker`);
    const [, pin = ""] = /or pin the present image, [^:]*: \S+ (config set .*)/.exec(text) ?? [];
    await typed(`scripts/pulumi ${pin}`);
    expect((await planned(stack)).text).toMatch(/^no change of version \(1\.4\.2\)$/m);
    if (FULL) await expectNoChange(stack);
  });

  test.runIf(FULL)("an upgrade takes a backup and a rehearsal", async () => {
    await stack.configure({
      version: "1.5.0",
      "images.console": `${REGISTRY}/nestfleet/nestfleet-console`,
      "images.digests": undefined,
    });
    const up = await expectUp(stack);
    expect(up.output).toMatch(/rehearsal: \S+ restored[^]*1\.5\.0 answers on/);
    await expectSettled(stack, "1.5.0");
  });
});
