import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { DockerError } from "../../../../components/host/docker/errors";
import { asOptions } from "../../../../components/host/docker/hardening";
import { createInterim, letGo, removeInterim, startWaiting } from "../../../../components/operations/restore/interim";
import { dockerRuns, ScriptedDocker } from "../../../support/docker";

const PEM = "-----BEGIN KEY-----\nAAAA\n-----END KEY-----";

/** The container that is replaced, made from sha256:old. sha256:new is the image of the other release. */
const like = {
  Image: "sha256:old",
  Config: {
    Env: ["SECRET=s3cret=1", `KEY=${PEM}`, "PATH=/old/bin", "NODE_VERSION=20.1", "TZ=Europe/Vienna", "GONE=1"],
    Labels: { "org.nestfleet.stack": "prod", "org.nestfleet.role": "api", "org.nestfleet.version": "1.5.0" },
    StopTimeout: 30,
    Healthcheck: {
      Test: ["CMD", "node", "-e", 'it\'s("well")'],
      Interval: 10_000_000_000,
      Timeout: 5_000_000_000,
      StartPeriod: 300_000_000_000,
      Retries: 3,
    },
  },
  HostConfig: { Memory: 536870912, MemorySwap: -1, NanoCpus: 1_500_000_000, Init: true },
  NetworkSettings: { Networks: { "nestfleet-prod": {} } },
};
const images: Readonly<Record<string, readonly string[]>> = {
  "sha256:old": ["PATH=/old/bin", "NODE_VERSION=20.1", "TZ=UTC", "GONE=1"],
  "sha256:new": ["PATH=/new/bin", "NODE_VERSION=18.2", "TZ=UTC"],
};

/**
 * Answers the commands of the client. The creation is a process of its own, which a script called `docker` replaces.
 */
function host(container: unknown = like): ScriptedDocker {
  return new ScriptedDocker((command) => {
    const [, id = ""] = /^inspect --type image (\S+)$/.exec(command) ?? [];
    if (id !== "")
      return JSON.stringify([{ Config: { Env: images[id], Entrypoint: ["entry.sh"], Cmd: ["node", "x y.js"] } }]);
    if (command.startsWith("network connect ")) return "";
    return command === "inspect --type container nestfleet-prod-api" ? JSON.stringify([container]) : undefined;
  });
}

const answering = (start: string | undefined, running = true) =>
  new ScriptedDocker((command) => {
    if (command.startsWith("start ") && start !== undefined)
      throw new DockerError({ command: "start", exitCode: 127, stderr: start, stdout: "" });
    if (command.startsWith("inspect ")) return JSON.stringify([inspected(running)]);
    return "";
  });
/** The output of `docker inspect`. */
const inspected = (Running: boolean) => ({
  Id: "1f",
  Name: "/api",
  Image: "sha256:1f",
  RestartCount: 0,
  Config: { Labels: {} },
  State: {
    Status: Running ? "running" : "created",
    Running,
    Restarting: false,
    OOMKilled: false,
    ExitCode: 0,
    StartedAt: "",
  },
});

/** The command that makes a waiting container go on; `marks` replaces the file of the mark. */
async function goOn(marks: string): Promise<string> {
  const docker = answering(undefined);
  await letGo(docker, "api");
  const [, script = ""] = /^exec --user=0:0 api sh -c ([^]+)$/.exec(docker.asked.at(-1) ?? "") ?? [];
  return script.replaceAll("/.nestfleet-goes-on", marks);
}

describe("a container that replaces another", () => {
  let directory = "";
  const wanted = { name: "nestfleet-prod-restored-20261124t080102z-api", like: "nestfleet-prod-api" };
  const make = (docker: ScriptedDocker) =>
    createInterim(docker, { ...wanted, imageId: "sha256:new", version: "1.4.2" });
  const told = (file: string) => readFileSync(join(directory, file), "utf8").trimEnd().split("\n");

  beforeEach(() => {
    directory = dockerRuns(
      `cd "$(dirname "$0")" && printf '%s\\n' "$@" >arguments && cat >entries && printenv KEY >key || true`,
    );
  });

  test("has its settings, without those that come from either image", async () => {
    await make(host());
    expect(told("entries")).toEqual(["SECRET=s3cret=1", "TZ=Europe/Vienna", "GONE=1"]);
    expect(told("key").join("\n")).toBe(PEM);
  });

  test("has its secrets on no command line", async () => {
    await make(host());
    const words = told("arguments");
    expect(words).toEqual(expect.arrayContaining(["--env-file=/dev/stdin", "--env=KEY"]));
    expect(words.join(" ")).not.toMatch(/s3cret|AAAA/);
  });

  test("has its labels except the version, its network, healthcheck and limits, and the other image", async () => {
    await make(host());
    const words = told("arguments");
    expect(words).toEqual(
      expect.arrayContaining([
        "create",
        `--name=${wanted.name}`,
        "--network=nestfleet-prod",
        "--label=org.nestfleet.stack=prod",
        "--label=org.nestfleet.role=api",
        "--label=org.nestfleet.version=1.4.2",
        "--memory=536870912",
        "--memory-swap=-1", // a host that cannot limit it
        "--cpus=1.5",
        "--init",
        "--health-cmd=exec 'node' '-e' 'it'\\''s(\"well\")'",
        "--health-interval=10000000000ns",
        "--health-timeout=5000000000ns",
        "--health-start-period=300000000000ns",
        "--health-retries=3",
        ...asOptions({ serves: { graceSeconds: 30 } }),
      ]),
    );
    expect(words).not.toContain("--label=org.nestfleet.version=1.5.0");
    expect(words.at(-1)).toBe("sha256:new");
  });

  test("is on all its networks before it starts", async () => {
    const NetworkSettings = { Networks: { "nestfleet-prod": {}, "nestfleet-prod-back": {} } };
    const docker = host({ ...like, NetworkSettings });
    await make(docker);
    expect(told("arguments").filter((word) => word.startsWith("--network"))).toEqual(["--network=nestfleet-prod"]);
    expect(docker.asked.filter((command) => command.startsWith("network"))).toEqual([
      `network connect nestfleet-prod-back ${wanted.name}`,
    ]);
  });

  test("has the other's read-only file system, and may write where the other may", async () => {
    const Tmpfs = { "/tmp": "size=1g" };
    await make(host({ ...like, HostConfig: { ...like.HostConfig, ReadonlyRootfs: true, Tmpfs } }));
    expect(told("arguments")).toEqual(expect.arrayContaining(["--read-only", "--tmpfs=/tmp:size=1g"]));
    await make(host());
    expect(told("arguments").join(" ")).not.toMatch(/--read-only|--tmpfs/);
  });

  test("has no limits and no healthcheck where the other has none", async () => {
    const Config = { ...like.Config, Env: null, Healthcheck: undefined };
    const bare = { ...like, Config, HostConfig: { Memory: 0, MemorySwap: 0, NanoCpus: 0 } };
    await make(host(bare));
    expect(told("arguments").join(" ")).not.toMatch(/--memory|--cpus|--health|--init/);
    expect(told("entries")).toEqual([""]);
  });

  test("that waits has the image's own command behind a shell, which goes on at once after a later start", async () => {
    await createInterim(host(), { ...wanted, imageId: "sha256:new", version: "1.4.2", waits: true });
    const words = told("arguments");
    const [image, shell, script = "", zero, ...own] = words.slice(words.indexOf("sha256:new"));
    expect([image, shell, zero, own]).toEqual(["sha256:new", "-c", "-", ["entry.sh", "node", "x y.js"]]);
    expect(words).toContain("--entrypoint=sh");
    // With a mark in memory, or in a read-only place, a restarted container would wait again.
    expect(words).toContain("--volume=/.nestfleet-goes-on");
    const marks = join(directory, "goes-on");
    mkdirSync(marks);
    const waiting = spawn("sh", ["-c", script.replaceAll("/.nestfleet-goes-on", marks), "-", "echo", "x y.js"]);
    const said: Buffer[] = [];
    waiting.stdout.on("data", (chunk: Buffer) => said.push(chunk));
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect([waiting.exitCode, said]).toEqual([null, []]);
    expect(spawnSync("sh", ["-c", await goOn(marks)]).status).toBe(0);
    expect(await once(waiting, "close")).toEqual([0, null]);
    expect(Buffer.concat(said).toString()).toBe("x y.js\n");
  });

  test("that cannot be made is reported with Docker's message, and without the settings", async () => {
    dockerRuns("cat >/dev/null; echo 'the name is in use' >&2; exit 1");
    await expect(make(host())).rejects.toThrow("a temporary container of 1.4.2 cannot be created: the name is in use");
  });
});

describe("one that waits", () => {
  test("of an older program waits for a file, and gets it", async () => {
    const folder = mkdtempSync(join(tmpdir(), "stand-in-"));
    const marks = join(folder, "goes-on");
    expect(spawnSync("sh", ["-c", await goOn(marks)]).status).toBe(0);
    expect(readFileSync(marks, "utf8")).toBe("");
    rmSync(folder, { recursive: true });
  });

  test("goes on when it gets the sign, as root; one that was not started is started", async () => {
    const waiting = answering(undefined);
    expect(await startWaiting(waiting, "api")).toBe(true);
    await letGo(waiting, "api");
    expect(waiting.asked.at(-1)).toMatch(/^exec --user=0:0 api sh -c .*\/\.nestfleet-goes-on/);
    const created = answering(undefined, false);
    await letGo(created, "api");
    expect(created.asked.at(-1)).toBe("start api");
  });

  test("cannot wait in an image without a shell, and any other failure is an error", async () => {
    const none = 'exec: "sh": executable file not found in $PATH: unknown';
    expect(await startWaiting(answering(none), "api")).toBe(false);
    await expect(startWaiting(answering("no space left on device"), "api")).rejects.toThrow("no space left");
  });
});

test("removing one that no longer exists is not an error, and any other failure is", async () => {
  await removeInterim(host(), "nestfleet-prod-restored-20261124t080102z-api");
  const broken = new ScriptedDocker(() => {
    throw new Error("the engine does not answer");
  });
  await expect(removeInterim(broken, "x")).rejects.toThrow("the engine does not answer");
});
