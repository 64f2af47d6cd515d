import { randomUUID } from "node:crypto";
import { describe, expect, test } from "vitest";
import { DockerClient } from "../../../components/host/docker/client";
import { DockerError } from "../../../components/host/docker/errors";
import { identify, type Identity } from "../../../components/host/identity";
import { busy, type Holder, type Lock, takeLock, takeLockAs } from "../../../components/host/lock";

const PREFIX = "org.nestfleet.lock.";
/** A pid that no process has: above the largest pid of Linux. */
const DEAD: Identity = { ...identify(), pid: 2 ** 22 + 1, started: "1" };

/** The volumes and containers of a Docker engine. Each command is one step, and takes some time. */
class Engine extends DockerClient {
  public readonly volumes = new Map<string, Record<string, string>>();
  /** The start time of each container, by id; undefined if it does not run. */
  public readonly containers = new Map<string, string | undefined>();

  public constructor() {
    super("ssh://root@fleet");
  }

  public override async run([, action = "", ...words]: readonly string[]): Promise<string> {
    await later();
    const name = words.at(-1) ?? "";
    const given = words.flatMap((word, index) => (words[index - 1] === "--label" ? [word.split(/=(.*)/s)] : []));
    if (action === "create" && !this.volumes.has(name))
      this.volumes.set(name, Object.fromEntries(given) as Record<string, string>);
    if (action === "rm") this.volumes.delete(name);
    if (action === "ls") return [...this.volumes.keys()].join("\n");
    await later();
    return name;
  }

  public override async inspect(id: string, type?: string): Promise<unknown> {
    await later();
    if (type === "volume") return this.volumes.has(id) ? { Labels: this.volumes.get(id) } : undefined;
    const started = this.containers.get(id);
    return this.containers.has(id)
      ? { State: { Running: started !== undefined, StartedAt: started ?? "" } }
      : undefined;
  }

  /** Pauses, so that another process may act between any two steps. */
  public override runNow([, action = "", ...words]: readonly string[]): string | undefined {
    const name = words.at(-1) ?? "";
    if (action === "inspect") return this.volumes.get(name)?.[`${PREFIX}token`];
    this.volumes.delete(name);
    return name;
  }
}

/** A pause that is mostly short, sometimes long. */
const later = () => new Promise((resolve) => setTimeout(resolve, Math.random() < 0.2 ? 20 : 1));

function held(taken: Lock | Holder): Lock {
  if (!("release" in taken)) throw new Error("another holds it");
  return taken;
}

describe("the lock of a stack", () => {
  test("belongs to one process, until that releases it", async () => {
    const engine = new Engine();
    const lock = held(await takeLock(engine, "prod"));
    const second = await takeLock(engine, "prod");
    expect(second).toMatchObject({ pid: process.pid, machine: identify().machine });
    expect(busy(second as Holder, "prod", engine.host)).toContain(
      "If that process no longer exists, remove the lock: docker --host ssh://root@fleet volume rm nestfleet-prod-lock",
    );
    lock.release();
    held(await takeLock(engine, "prod")).release();
    expect([...engine.volumes.keys()]).toEqual([]);
  });

  test("of a dead process is taken over by one of several, and nothing else is left", async () => {
    for (let round = 0; round < 15; round++) {
      const engine = new Engine();
      await takeLockAs(engine, "prod", DEAD);
      let holders = 0;
      const waiters = Array.from({ length: 8 }, async () => {
        const taken = await takeLock(engine, "prod");
        if (!("release" in taken)) return 0;
        expect(++holders).toBe(1);
        await new Promise((resolve) => setTimeout(resolve, 25));
        holders--;
        taken.release();
        return 1;
      });
      expect((await Promise.all(waiters)).reduce((sum: number, one) => sum + one, 0)).toBeGreaterThan(0);
      expect([...engine.volumes.keys()]).toEqual([]);
    }
  }, 30_000);

  test("is taken over although a process that was about to take it over was killed", async () => {
    const engine = new Engine();
    await takeLockAs(engine, "prod", DEAD);
    const token = engine.volumes.get("nestfleet-prod-lock")?.[`${PREFIX}token`] ?? "";
    const guard = { ...engine.volumes.get("nestfleet-prod-lock"), [`${PREFIX}token`]: randomUUID() };
    engine.volumes.set(`nestfleet-prod-lock-${token.slice(0, 8)}`, guard);
    const lock = held(await takeLock(engine, "prod"));
    lock.release();
    expect([...engine.volumes.keys()]).toEqual([]);
  });

  test("of a job in a container is stale once the container is removed, has ended, or was started again", async () => {
    const job = "ab".repeat(32);
    const elsewhere: Identity = {
      machine: job.slice(0, 12),
      pid: 7,
      started: "5",
      boot: "another",
      namespace: "pid:[1]",
      container: job,
    };
    for (const change of [
      (engine: Engine) => engine.containers.delete(job),
      (engine: Engine) => engine.containers.set(job, undefined),
      (engine: Engine) => engine.containers.set(job, "2999-01-01T00:00:00.123456789Z"),
    ]) {
      const engine = new Engine();
      engine.containers.set(job, "2001-01-01T00:00:00Z");
      await takeLockAs(engine, "prod", elsewhere);
      expect(await takeLock(engine, "prod")).toMatchObject({ machine: job.slice(0, 12) });
      change(engine);
      held(await takeLock(engine, "prod")).release();
    }
  });

  test("that another program has made is kept, and named", async () => {
    const engine = new Engine();
    engine.volumes.set("nestfleet-prod-lock", { [`${PREFIX}token`]: "$(rm -rf /)" });
    const taken = await takeLock(engine, "prod");
    expect(busy(taken as Holder, "prod", engine.host)).toMatch(
      /does not name the process that works on it[^]*volume rm/,
    );
    expect(engine.volumes.size).toBe(1);
  });

  test("is not taken over if Docker does not answer about the container", async () => {
    const job = "cd".repeat(32);
    const engine = new Engine();
    engine.containers.set(job, "2001-01-01T00:00:00Z");
    await takeLockAs(engine, "prod", { machine: "job", pid: 7, boot: "another", container: job });
    const inspect = engine.inspect.bind(engine);
    engine.inspect = (id, type) =>
      type === "volume"
        ? inspect(id, type)
        : Promise.reject(new DockerError({ command: "inspect", exitCode: 1, stderr: "connection lost", stdout: "" }));
    expect(await takeLock(engine, "prod")).toMatchObject({ machine: "job" });
  });
});
