import { expect, test } from "vitest";
import { DockerClient } from "../../../../components/host/docker/client";
import { DockerError } from "../../../../components/host/docker/errors";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { dockerRuns } from "../../../support/docker";

/** Stands for a container: runs what comes after its name, and notes each start of the client. */
const CONTAINER = `
  echo "$*" >>"$(dirname "$0")/asked"
  while [ "$1" != box ]; do shift; done
  shift
  exec "$@"`;

const asked = (folder: string) => readFileSync(join(folder, "asked"), "utf8").trim().split("\n");
const shell = (script: string, ...args: string[]) => ["exec", "-i", "box", "sh", "-euc", script, "-", ...args];

test("commands of one container and user run in one shell, each in a process of its own", async () => {
  const folder = dockerRuns(CONTAINER);
  const docker = new DockerClient("unix:///x");
  expect(
    await docker.run(shell('x=1; printf "%s|" "$@"; cat', "a b", "it's", "$(id)", "line\nline"), "one\n'two'\n"),
  ).toBe("a b|it's|$(id)|line\nline|one\n'two'\n");
  expect(await docker.run(shell("echo ${x:-none}; cat"))).toBe("none\n");
  await expect(docker.run(shell("echo said; echo why >&2; exit 7"))).rejects.toMatchObject({
    exitCode: 7,
    stdout: "said\n",
    stderr: "why",
  });
  await expect(docker.run(shell("kill -9 $$"))).rejects.toMatchObject({ exitCode: 137 });
  expect(await docker.run(shell("exit 0"))).toBe("");
  expect(asked(folder)).toEqual(["--host unix:///x exec -i box sh"]);
  expect(await docker.run(["exec", "-i", "--user=1:1", "box", "sh", "-c", "echo $0", "zero"])).toBe("zero\n");
  expect(asked(folder)).toHaveLength(2);
});

test("each command ends as it would alone, also several that wait for their turn", async () => {
  const folder = dockerRuns(CONTAINER);
  const docker = new DockerClient("unix:///x", 1);
  const failure = (command: Promise<unknown>) =>
    command.then(
      () => undefined,
      (error: unknown) => error as DockerError,
    );
  const inside = (script: string, ...args: string[]) => docker.run(["exec", "box", "sh", "-c", script, "-", ...args]);
  const [quiet, words, nothing, failed, ended, last] = await Promise.all([
    inside("printf 'no end of line\\0'"),
    inside(`printf '%s\\n' "$1" "$2"; echo beside >&2`, "it's", '"$HOME" `x`\nline'),
    inside("cat"),
    failure(inside("echo out; echo one >&2; echo two >&2; exit 3")),
    failure(docker.run(["exec", "-i", "box", "sh", "-euc", "echo begun; false; echo never"])),
    inside("echo done"),
  ]);
  expect([quiet, words, nothing, last]).toEqual(["no end of line\0", `it's\n"$HOME" \`x\`\nline\n`, "", "done\n"]);
  expect(failed).toMatchObject({ exitCode: 3, stdout: "out\n", stderr: "one\ntwo" });
  expect(failed?.asked).toBe("docker exec box sh -c echo out; echo one >&2; echo two >&2; ex… -");
  expect(ended).toMatchObject({ exitCode: 1, stdout: "begun\n", stderr: "" });
  expect(asked(folder)).toEqual(["--host unix:///x exec -i box sh"]);
});

test("a container that does not run fails all that is run in it, and nothing else", async () => {
  dockerRuns(`case "$*" in *stopped*) echo 'Container 1f is not running' >&2; exit 1 ;; esac\n${CONTAINER}`);
  const docker = new DockerClient("unix:///x");
  const stopped = () => docker.run(["exec", "stopped", "sh", "-c", "true"]);
  const [one, other, elsewhere] = await Promise.allSettled([stopped(), stopped(), docker.run(shell("echo 1"))]);
  for (const each of [one, other])
    expect(each).toMatchObject({ status: "rejected", reason: { stderr: "Container 1f is not running\n" } });
  expect(elsewhere).toMatchObject({ status: "fulfilled", value: "1\n" });
});

test("an input that does not end with a line, and what is not for a shell, is given to docker as it is", async () => {
  const folder = dockerRuns(CONTAINER);
  const docker = new DockerClient("unix:///x");
  expect(await docker.run(shell("cat"), "no line")).toBe("no line");
  expect(await docker.run(["exec", "box", "printf", "%s", "x"])).toBe("x");
  expect(asked(folder)).toHaveLength(2);
});

test("several at once do not wait for each other", async () => {
  const folder = dockerRuns(CONTAINER);
  const docker = new DockerClient("unix:///x");
  const first = docker.run(shell(`while [ ! -e ${join(folder, "go")} ]; do sleep 0.05; done; echo first`));
  expect(await docker.run(shell(`touch ${join(folder, "go")}; echo second`))).toBe("second\n");
  expect(await first).toBe("first\n");
});

test("a large output and large errors arrive whole", async () => {
  dockerRuns(CONTAINER);
  const docker = new DockerClient("unix:///x");
  const printed = await docker.run(shell("yes 1234567 | head -n 500000"));
  expect(printed).toHaveLength(4_000_000);
  await expect(docker.run(shell("yes 1234567 | head -n 20000 >&2; exit 1"))).rejects.toMatchObject({
    stderr: "1234567\n".repeat(20000).trimEnd(),
  });
});

test("what has no answer in time is ended, and the next command has a new shell", async () => {
  dockerRuns(CONTAINER);
  const docker = new DockerClient("unix:///x");
  await expect(docker.run(shell("sleep 60"), "", 0.2)).rejects.toThrow("no answer within 0.2 s");
  expect(await docker.run(shell("echo here"))).toBe("here\n");
});

test("a container that is lost in the middle is an error; one that was lost before is entered anew", async () => {
  const folder = dockerRuns(CONTAINER);
  const docker = new DockerClient("unix:///x");
  await expect(docker.run(shell("kill -9 $PPID; sleep 1"))).rejects.toBeInstanceOf(DockerError);
  expect(await docker.run(shell("echo $PPID >pid; echo here".replace("pid", join(folder, "pid"))))).toBe("here\n");
  process.kill(Number(readFileSync(join(folder, "pid"), "utf8")), "SIGKILL");
  expect(await docker.run(shell("echo again"))).toBe("again\n");
  writeFileSync(join(folder, "docker"), "#!/bin/sh\necho 'Error: No such container: box' >&2; exit 1\n");
  process.kill(Number(await docker.run(shell("echo $PPID"))), "SIGKILL");
  await expect(docker.run(shell("echo never"))).rejects.toMatchObject({
    exitCode: 1,
    stderr: expect.stringContaining("No such container") as string,
  });
});
