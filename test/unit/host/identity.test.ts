import { spawn } from "node:child_process";
import { once } from "node:events";
import { afterAll, describe, expect, test } from "vitest";
import { containerOf, identify, type Identity, isGone } from "../../../components/host/identity";

const here = identify();
const OUTSIDE = "pid:[4026531836]";
/** The identity of another machine, not in a container. */
const machine: Identity = {
  ...here,
  machine: "fleet",
  boot: "boot-1",
  namespace: OUTSIDE,
  system: "s1",
  container: undefined,
};
const long = spawn("sleep", ["600"]);
afterAll(() => long.kill());

describe("a process no longer exists", () => {
  test("when it has ended", async () => {
    const other = identify(long.pid);
    expect(isGone(other, here)).toBe(false);
    const short = spawn("true");
    const brief = { ...here, pid: short.pid ?? 0, started: "1" };
    await once(short, "exit");
    expect(isGone(brief, here)).toBe(true);
  });

  test("when another process has its pid", () => {
    expect(isGone({ ...identify(long.pid), started: "12" }, here)).toBe(true);
  });

  test("when its machine has restarted since, also if a process has its pid", () => {
    expect(isGone({ ...machine, pid: process.pid }, { ...machine, boot: "boot-2" })).toBe(true);
  });
});

describe("a process may still exist", () => {
  test.each<[string, Partial<Identity>, Partial<Identity>]>([
    ["on another machine of the same name", { pid: 2 ** 22 + 1 }, { boot: "boot-2", system: "s2" }],
    ["on a machine without an id", { pid: 2 ** 22 + 1, system: undefined }, { boot: "boot-2", system: undefined }],
    ["in another container of this machine", { pid: 2 ** 22 + 1, namespace: "pid:[4026532999]" }, {}],
    ["in a container with the name of this one, elsewhere", { namespace: "pid:[4026532999]" }, { boot: "boot-2" }],
  ])("%s", (_, other, mine) => {
    expect(isGone({ ...machine, ...other }, { ...machine, ...mine })).toBe(false);
  });
});

test("an identity of an older program is judged by machine and pid", () => {
  const old: Identity = { machine: here.machine, pid: 2 ** 22 + 1 };
  expect(isGone(old, here)).toBe(true);
  expect(isGone({ ...old, machine: "elsewhere" }, here)).toBe(false);
  expect(isGone({ ...old, pid: process.pid }, here)).toBe(false);
});

test("a container is recognized by its mounts", () => {
  const id = "4f".repeat(32);
  const mount = `1 2 254:1 /var/lib/docker/containers/${id}/hostname /etc/hostname rw,relatime - ext4 /dev/vda1 rw`;
  expect(containerOf(`0 1 0:1 / / rw - overlay overlay rw\n${mount}\n`)).toBe(id);
  expect(containerOf("0 1 0:1 / / rw - ext4 /dev/vda1 rw\n")).toBeUndefined();
});
