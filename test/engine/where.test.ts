import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { buildSync } from "esbuild";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { HOST_NETWORK } from "../../components/host/docker/host-network";
import { expectNoChange, expectSettled, expectUp } from "../support/expectations";
import { inOwnNetwork } from "../support/network";
import { FULL } from "../support/scale";
import { HERE, TestStack } from "../support/stack";

const PORT = 18410;
/**
 * A process as in a CI job's container: it has Docker's socket and its own network, with another program on the same
 * ports.
 */
const stack = new TestStack("test-where", PORT, {
  ...HERE,
  operator: (...command) => inOwnNetwork([PORT, PORT + 1], ...command),
});

beforeAll(async () => {
  await stack.create({ version: "1.4.2" });
});

afterEach(async () => {
  await expect.poll(relays, { timeout: 10_000 }).toEqual([]);
});

afterAll(async () => {
  await stack.dispose();
});

const RELAY = "org.nestfleet.relay=nestfleet-test-where-caddy";

/** The containers on the host's network, which are removed as soon as they are no longer needed. */
async function relays(): Promise<string[]> {
  const listed = await stack.docker.run(["ps", "--all", "--quiet", "--filter", `label=${RELAY}`]);
  return listed.split("\n").filter(Boolean);
}

describe("from a process that has Docker's socket and not its network", () => {
  test("a port that is taken on the Docker host is found before anything is touched", async () => {
    const server = createServer().listen(PORT + 1, "127.0.0.1");
    await once(server, "listening");
    try {
      const preview = await stack.try("preview");
      expect(preview.exitCode).not.toBe(0);
      expect(preview.output).toContain(`port ${PORT + 1} of the Docker host is taken`);
      expect(preview.output).not.toMatch(new RegExp(`${PORT} (by|and)`));
    } finally {
      server.close();
    }
  });

  test("another program on the same ports in the process's own network does not matter: an install is verified", async () => {
    const up = await expectUp(stack);
    expect(up.output).toContain(`1.4.2 answers on http://localhost:${PORT} as candidate`);
    await expectNoChange(stack);
  });

  test.runIf(FULL)("a changed env is verified, and then there is nothing to do", async () => {
    await stack.configure({ "env.LOG_LEVEL": "debug" });
    await expectUp(stack);
    await expectSettled(stack, "1.4.2");
  });

  test("the container with the host's network is removed when its script is killed", async () => {
    const [api = ""] = (await stack.containers())["api"] ?? [];
    const { Image: image } = (await stack.docker.inspect(api)) as { Image: string };
    const options = ["--interactive", `--label=${RELAY}`, "--entrypoint=node", image, "-e"];
    const script = `
      import { FAR_SIDE, Relay } from "./components/host/routing/relay";
      new Relay("docker", [...${JSON.stringify(["--host", stack.docker.host, ...HOST_NETWORK, ...options])}, FAR_SIDE]).connect("127.0.0.1", ${PORT}).on("connect", () => {
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
