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
const POSTGRES_18 = `${REGISTRY}/postgres:18`;
/** Repositories in a registry, as those of the releases. Without a registry, an image has no known repository. */
const CONSOLE = `${REGISTRY}/nestfleet/console-of-moving`;

const stack = new TestStack("test-moving", 18200);
const newest = new TestStack("test-eighteen", 18202);

/**
 * Images that are kept between runs, like the others of the demo release, because Docker builds them from its cache.
 */
const before = "nestfleet-standin/postgres:17-trixie";
const after = "nestfleet-standin/postgres:17-sid";
const eighteen = "nestfleet-standin/postgres:18";

beforeAll(async () => {
  await build(before, "--build-arg", "SUITE=trixie", join(IMAGES, "postgres-glibc"));
  await build(after, "--build-arg", "SUITE=sid", join(IMAGES, "postgres-glibc"));
  await build(eighteen, "--file", join(IMAGES, "postgres-18/Dockerfile"), join(IMAGES, "postgres"));
  await stack.docker.run(["tag", before, MOVING]);
  await stack.docker.run(["tag", eighteen, POSTGRES_18]);
});

afterAll(async () => {
  await stack.dispose();
  await newest.dispose();
  for (const image of [MOVING, POSTGRES_18, `${CONSOLE}:1.4.2`])
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

  test("an image of another major version is refused", async () => {
    expect(await refusalOf(stack, { "images.postgres": POSTGRES_18 })).toContain(
      `${POSTGRES_18} is PostgreSQL 18, the data are from PostgreSQL 17`,
    );
    await stack.dispose();
  });
});

describe("PostgreSQL 18, whose images keep their data elsewhere", () => {
  test("is installed with its volume where the image wants it, and a backup of it can be restored", async () => {
    await newest.create({ version: "1.4.2", "images.postgres": POSTGRES_18 });
    await expectUp(newest);
    expect(await newest.sql("SHOW data_directory")).toBe("/var/lib/postgresql/18/docker");
    const format = '{{range .Mounts}}{{if eq .Destination "/var/lib/postgresql"}}{{.Name}}{{end}}{{end}}';
    const mounted = await newest.docker.run(["inspect", "--format", format, "nestfleet-test-eighteen-postgres"]);
    expect(mounted.trim()).toBe("nestfleet-test-eighteen-postgres");
    const proved = await run("bash", ["scripts/backup.sh", "--stack", newest.name, "--prove"]);
    expect(proved.exitCode, proved.output).toBe(0);
    expect(proved.output).toMatch(/proof: \S+-1\.4\.2 can be restored/);
    await expectNoChange(newest);
  });
});

describe("a release's images, on that stack", () => {
  beforeAll(async () => {
    const dockerfile = `FROM ${REGISTRY}/nestfleet/nestfleet-console:1.4.2\nLABEL org.nestfleet.test=moving`;
    await newest.docker.run(["build", "--force-rm", "--tag", `${CONSOLE}:1.4.2`, "-"], dockerfile);
    await newest.docker.run(["push", "--quiet", `${CONSOLE}:1.4.2`]);
  });

  /** Gives the refusal of a configuration that must have exactly one problem. */
  async function refused(title: string): Promise<string> {
    const text = await refusalOf(newest, {});
    expect(text).toContain("1 problem; nothing was touched");
    expect(text).toContain(title);
    return text;
  }

  async function typed(command: string): Promise<void> {
    const { exitCode, output } = await run("sh", ["-c", command], newest.environment());
    expect(exitCode, output).toBe(0);
  }

  test("a console of another repository is not a moved tag; one that was moved is refused, and the command moves it back", async () => {
    await newest.configure({ "images.console": CONSOLE });
    await expectUp(newest);
    await newest.docker.run(["tag", "nestfleet-standin/console:1.5.0", `${CONSOLE}:1.4.2`]);
    const text = await refused("the tag 1.4.2 of console was moved to another image");
    expect(text).toMatch(/or accept the other one: \S+ config set --stack test-eighteen nestfleet:allowMovingTag true/);
    const [, back = ""] = /return to the known image: (docker .*)/.exec(text) ?? [];
    await typed(back);
    expect(await newest.preview()).toEqual([]);
  });

  test("a worker of another repository is not a moved tag", async () => {
    await newest.configure({ "images.worker": `${REGISTRY}/nestfleet/nestfleet-worker` });
    expect(await newest.preview()).toContain("create nestfleet-test-eighteen-worker");
    await newest.unset("images.worker");
  });

  test("an image that is not the pinned one is refused; the command pins the present one, which is accepted", async () => {
    const digest = `sha256:${"0".repeat(64)}`;
    await newest.configure({ "images.digests.console": digest });
    const text = await refused(`${CONSOLE}:1.4.2 is not the image that is pinned for console`);
    expect(text).toContain(`pull ${CONSOLE}@${digest} && docker`);
    const [, pin = ""] = /or pin the present image, [^:]*: \S+ (config set .*)/.exec(text) ?? [];
    await typed(`scripts/pulumi ${pin}`);
    expect((await planned(newest)).text).toMatch(/^no change of version \(1\.4\.2\)$/m);
    if (FULL) await expectNoChange(newest);
  });

  test.runIf(FULL)("an upgrade takes a backup and a rehearsal", async () => {
    await newest.configure({
      version: "1.5.0",
      "images.console": `${REGISTRY}/nestfleet/nestfleet-console`,
      "images.digests": undefined,
    });
    const up = await expectUp(newest);
    expect(up.output).toMatch(/rehearsal: \S+ restored[^]*1\.5\.0 answers on/);
    await expectSettled(newest, "1.5.0");
  });
});
