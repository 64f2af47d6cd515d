import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildSync } from "esbuild";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { HOST_NETWORK } from "../../components/host/docker/host-network";
import { expectNoChange, expectNothingLeft, expectSettled, expectUp } from "../support/expectations";
import { inOwnNetwork } from "../support/network";
import { FULL } from "../support/scale";
import { OwnSshd } from "../support/sshd";
import { HERE, type Ran, run, TestStack } from "../support/stack";

const PORT = 18322;
/**
 * The operator of the old host is a process as in a CI job's container: it has Docker's socket and its own network, with
 * another program on the same ports. The new host is reached over ssh. The first stack is removed completely before the
 * second begins, as if they were on two machines.
 */
const before = new TestStack("test-gone", PORT, {
  ...HERE,
  operator: (...command) => inOwnNetwork([PORT, PORT + 1], ...command),
});
const sshd = new OwnSshd(18326);
const after = new TestStack("test-new", 18324, { ...HERE, environment: sshd.environment() });
const CASES = 500;
/** A table whose rows are checked by functions that find each other by the database's search_path alone. */
const SCHEMA = `
  CREATE SCHEMA app;
  CREATE FUNCTION app.short(word text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$ SELECT length(word) < 9 $$;
  CREATE FUNCTION app.good(word text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN short(word); END $$;
  SET search_path = public, app;
  CREATE TABLE app.checked (word text CHECK (good(word)));
  INSERT INTO app.checked SELECT n::text FROM generate_series(1, ${CASES}) n;
  ALTER DATABASE nestfleet SET search_path = public, app`;

let away = "";
const secrets: Record<string, string> = {};

beforeAll(async () => {
  away = mkdtempSync(join(tmpdir(), "nestfleet-away-"));
  await sshd.start();
  await before.create({ version: "1.4.2" });
});

afterAll(async () => {
  await Promise.all([before.dispose(), after.dispose()]);
  await sshd.dispose();
  rmSync(away, { recursive: true, force: true });
});

/** Runs a script, which finds the Docker host in the stack's configuration. */
function script(stack: TestStack, ...words: string[]): Promise<Ran> {
  return run("bash", ["scripts/backup.sh", "--stack", stack.name, ...words], stack.environment());
}

async function readSecrets(): Promise<void> {
  const [api = ""] = (await before.containers())["api"] ?? [];
  const { Config } = (await before.docker.inspect(api)) as { Config: { Env: string[] } };
  const value = (name: string) =>
    Config.Env.find((entry) => entry.startsWith(`${name}=`))?.slice(name.length + 1) ?? "";
  secrets["jwtSecret"] = value("JWT_SECRET");
  secrets["secretEncryptionKey"] = value("SECRET_ENCRYPTION_KEY");
  secrets["postgresPassword"] = decodeURIComponent(new URL(value("DATABASE_URL")).password);
}

const RELAY = "org.nestfleet.relay=nestfleet-test-gone-caddy";

/** The containers on the host's network, which are removed as soon as they are no longer needed. */
async function relays(): Promise<string[]> {
  const listed = await before.docker.run(["ps", "--all", "--quiet", "--filter", `label=${RELAY}`]);
  return listed.split("\n").filter(Boolean);
}

describe("from a process that has Docker's socket and not its network", () => {
  afterEach(async () => {
    await expect.poll(relays, { timeout: 10_000 }).toEqual([]);
  });

  test("a port that is taken on the Docker host is found before anything is touched", async () => {
    const server = createServer().listen(PORT + 1, "127.0.0.1");
    await once(server, "listening");
    try {
      const preview = await before.try("preview");
      expect(preview.exitCode).not.toBe(0);
      expect(preview.output).toContain(`port ${PORT + 1} of the Docker host is taken`);
      expect(preview.output).not.toMatch(new RegExp(`${PORT} (by|and)`));
    } finally {
      server.close();
    }
  });

  test("another program on the same ports in the process's own network does not matter: an install is verified", async () => {
    const up = await expectUp(before);
    expect(up.output).toContain(`1.4.2 answers on http://localhost:${PORT} as candidate`);
    if (FULL) await expectNoChange(before);
  });

  test.runIf(FULL)("a changed env is verified, and then there is nothing to do", async () => {
    await before.configure({ "env.LOG_LEVEL": "debug" });
    await expectUp(before);
    await expectSettled(before, "1.4.2");
  });

  test("the container with the host's network is removed when its script is killed", async () => {
    const [api = ""] = (await before.containers())["api"] ?? [];
    const { Image: image } = (await before.docker.inspect(api)) as { Image: string };
    const options = ["--interactive", `--label=${RELAY}`, "--entrypoint=node", image, "-e"];
    const script = `
      import { FAR_SIDE, Relay } from "./components/host/routing/relay";
      new Relay("docker", [...${JSON.stringify(["--host", before.docker.host, ...HOST_NETWORK, ...options])}, FAR_SIDE]).connect("127.0.0.1", ${PORT}).on("connect", () => {
        console.log("connected");
        setInterval(() => undefined, 1000);
      });`;
    const stdin = { contents: script, resolveDir: process.cwd() };
    const { outputFiles } = buildSync({ stdin, bundle: true, platform: "node", write: false });
    const child = spawn(process.execPath, ["-e", outputFiles[0]?.text ?? ""], { stdio: ["ignore", "pipe", "inherit"] });
    await once(child.stdout, "data");
    expect(await relays()).toHaveLength(1);
    child.kill("SIGKILL");
  });
});

test("a backup, its copy and three secrets bring a stack back on a host that has nothing, over ssh", async () => {
  await before.sql(`INSERT INTO cases (title, priority) SELECT n::text, 'low' FROM generate_series(1, ${CASES}) n`);
  await before.sql(SCHEMA);
  await readSecrets();
  const taken = await script(before, "--prove");
  expect(taken.exitCode, taken.output).toBe(0);
  expect(taken.output).toMatch(/proof: \d{8}T\d{6}Z-1\.4\.2 can be restored, in [\d.]+ s: all \d+ rows of \d+ tables/);
  expect(taken.output).toContain("(nestfleet:dockerHost in Pulumi.test-gone.yaml)");
  const copied = await script(before, "--copy-to", away);
  expect(copied.exitCode, copied.output).toBe(0);
  const id = /\{"backup":"([^"]+)"/.exec(copied.output)?.[1] ?? "";
  await before.dispose({ keepFolder: true });

  await after.create({ version: "1.4.2", dockerHost: sshd.host });
  await after.give(Object.fromEntries(Object.entries(secrets).map(([name, value]) => [`secrets.${name}`, value])));
  await expectUp(after);
  expect(await after.sql("SELECT count(*) FROM cases")).toBe("0");
  const strange = await script(after, "--copy-from", away, id);
  expect(strange.exitCode).not.toBe(0);
  expect(strange.output).toMatch(
    new RegExp(`is not signed by this stack[^]*Nothing was copied[^]*--copy-from ${away} ${id} --trust`),
  );
  const brought = await script(after, "--copy-from", away, id, "--trust");
  expect(brought.exitCode, brought.output).toBe(0);
  await after.configure({ restore: id, confirmRestore: "new-host" });
  await expectUp(after);
  expect(await after.sql("SELECT count(*) FROM cases")).toBe(String(CASES));
  expect(await after.answeringVersion()).toBe("1.4.2");
  expect(await after.sql("SELECT count(*) FROM app.checked")).toBe(String(CASES));
  await expectSettled(after, "1.4.2");
});

test.runIf(FULL)("there, an upgrade, one that is refused, a rollback with its data, and a backup by hand", async () => {
  await after.configure({ version: "1.5.0" });
  const { output } = await expectUp(after);
  await expectSettled(after, "1.5.0");
  expect(await after.sql("SELECT count(*) FROM app.checked")).toBe(String(CASES));

  await after.configure({ version: "1.6.2" }); // its /health answers 1.5.1
  const refused = await after.up();
  expect(refused.exitCode).not.toBe(0);
  expect(refused.output).toContain("1.6.2 is refused");
  expect(await after.answeringVersion()).toBe("1.5.0");
  await after.configure({ version: "1.5.0" });
  await expectUp(after);
  await expectNoChange(after);

  const [, backup = ""] = /backup (\d{8}T\d{6}Z-1\.4\.2)/.exec(output) ?? [];
  await after.configure({ version: "1.4.2", restore: backup });
  await expectUp(after);
  await expectSettled(after, "1.4.2");
  await expectNothingLeft(after);

  const byHand = await script(after, "--docker-host", sshd.host);
  expect(byHand.exitCode, byHand.output).toBe(0);
  await expectNoChange(after);
});
