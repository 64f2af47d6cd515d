import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { DockerClient } from "../../components/host/docker/client";
import { OwnSshd } from "../support/sshd";
import { HERE, TestStack } from "../support/stack";

/** The Docker host of new-host.test.ts is reached over ssh, too. Here, most is about hosts that cannot be reached. */
const sshd = new OwnSshd(18420);
/** Ports: nothing listens, a server has no docker, and a server allows one session for each connection. */
const [NOBODY, BARE, STRICT] = [18422, 18421, 18423];
const stack = new TestStack("test-ssh", 18424, { ...HERE, environment: sshd.environment() });

beforeAll(async () => {
  await sshd.start();
  await stack.create({ version: "1.4.2", dockerHost: sshd.host });
});

afterAll(async () => {
  await stack.dispose();
  await sshd.dispose();
});

/** Gives the output of a docker command over that ssh, with scripts/path/ssh first on PATH, as in an update. */
async function said(host: string, environment = sshd.environment()): Promise<string> {
  vi.stubEnv("PATH", `${process.cwd()}/scripts/path:${environment["PATH"] ?? ""}`);
  vi.stubEnv("XDG_RUNTIME_DIR", environment["XDG_RUNTIME_DIR"]);
  try {
    return await new DockerClient(host).run(["version", "--format", "{{.Server.Os}}"]);
  } catch (error) {
    return (error as Error).message;
  } finally {
    vi.unstubAllEnvs();
  }
}

describe("a host that cannot be reached over ssh", () => {
  test.each<[string, () => Promise<string>, RegExp]>([
    ["nothing listens", () => said(`ssh://root@127.0.0.1:${NOBODY}`), /ssh: connect to host .* Connection refused/],
    ["an unknown host key", () => said(sshd.host, sshd.environment({ known: false })), /Host key verification failed/],
    [
      "a key that the server refuses",
      () => said(sshd.host, sshd.environment({ key: false })),
      /Permission denied \(publickey/,
    ],
  ])("%s: it is said, and nothing is asked on the terminal", async (_, asked, expected) => {
    expect(await asked()).toMatch(expected);
  });

  test("no docker on the host", async () => {
    const bare = new OwnSshd(BARE, ["SetEnv PATH=/var/empty"]);
    await bare.start();
    try {
      expect(await said(bare.host, bare.environment())).toMatch(/exit status 127|not found/);
    } finally {
      await bare.dispose();
    }
  });

  test("a preview warns and shows what it knows, an update is refused, and neither changes anything", async () => {
    await stack.configure({ dockerHost: `ssh://root@127.0.0.1:${NOBODY}` });
    const [preview, up] = [await stack.try("preview"), await stack.up()];
    await stack.configure({ dockerHost: sshd.host });
    for (const { output } of [preview, up])
      expect(output).toMatch(/no ssh connection can be opened[^]*Next: .*ssh -p 18422/);
    expect(preview.output).toContain("This preview is made without the Docker host");
    expect(up.output).toContain("Nothing was touched");
    expect(up.exitCode).not.toBe(0);
    expect(await stack.volumes()).toEqual([]);
  });
});

describe("over ssh, without forwarding and with two logins at a time", () => {
  test("many commands at once share a few connections, and none is rejected", async () => {
    const answers = await Promise.all(Array.from({ length: 12 }, () => said(sshd.host)));
    expect(answers.map((answer) => answer.trim())).toEqual(Array.from({ length: 12 }, () => "linux"));
    expect(sshd.logins()).toBeLessThan(answers.length / 2);
    expect((await said(`ssh://root@[::1]:${sshd.port}`)).trim()).toBe("linux");
  });

  test("none is rejected by a server that allows one session for each connection either", async () => {
    const strict = new OwnSshd(STRICT, ["MaxSessions 1"]);
    await strict.start();
    try {
      const answers = await Promise.all(Array.from({ length: 6 }, () => said(strict.host, strict.environment())));
      expect(answers.map((answer) => answer.trim())).toEqual(Array.from({ length: 6 }, () => "linux"));
    } finally {
      await strict.dispose();
    }
  });
});
