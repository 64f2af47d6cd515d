import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { CombiningClient } from "../../../../components/host/docker/combining-client";
import { DockerError } from "../../../../components/host/docker/errors";
import { ScriptedDocker } from "../../../support/docker";

/** A host whose containers are this machine's shell. */
function host() {
  const docker = new ScriptedDocker((command) => `answer to ${command}`);
  const scripted = docker.run.bind(docker);
  docker.run = async (args, stdin) => {
    const [exec, container = "", ...words] = args;
    if (exec !== "exec" || container.startsWith("-")) return scripted(args, stdin);
    docker.asked.push(`exec ${container}`);
    if (container === "stopped")
      throw new DockerError({ command: "exec", exitCode: 1, stderr: "Container 1f is not running" });
    const [program = "", ...rest] = words;
    return execFileSync(program, rest, { encoding: "utf8" });
  };
  return docker;
}

const shell = (client: CombiningClient, container: string, script: string, ...args: string[]) =>
  client.run(["exec", container, "sh", "-c", script, "-", ...args]);
const failure = (asked: Promise<unknown>) =>
  asked.then(
    () => undefined,
    (error: unknown) => error as DockerError,
  );

test("commands for one container go together, and each ends as it would alone", async () => {
  const docker = host();
  const client = new CombiningClient(docker);
  const [quiet, words, nothing, failed, ended, last] = await Promise.all([
    shell(client, "a", "printf 'no end of line\\0'"),
    shell(client, "a", `printf '%s\\n' "$1" "$2"; echo beside >&2`, "it's", '"$HOME" `x`\nline'),
    shell(client, "a", "cat"),
    failure(shell(client, "a", "echo out; echo one >&2; echo two >&2; exit 3")),
    failure(client.run(["exec", "-i", "a", "sh", "-euc", "echo begun; false; echo never"])),
    shell(client, "a", "echo done"),
  ]);
  expect([quiet, words, nothing, last]).toEqual(["no end of line\0", `it's\n"$HOME" \`x\`\nline\n`, "", "done\n"]);
  expect(failed).toMatchObject({ exitCode: 3, stdout: "out\n", stderr: "one\ntwo" });
  expect(failed?.asked).toBe("docker exec a sh -c echo out; echo one >&2; echo two >&2; ex… -");
  expect(ended).toMatchObject({ exitCode: 1, stdout: "begun\n", stderr: "" });
  expect(docker.asked).toEqual(["exec a"]);
});

test("what enters no container is asked first, and each container by itself", async () => {
  const docker = host();
  const client = new CombiningClient(docker);
  const asked = [shell(client, "a", "echo 1"), shell(client, "b", "echo 2"), client.run(["ps"])];
  const later = asked[2]?.then(() => Promise.all([client.run(["info"]), shell(client, "a", "echo 3")]));
  expect(await Promise.all(asked)).toEqual(["1\n", "2\n", "answer to ps"]);
  expect(await later).toEqual(["answer to info", "3\n"]);
  expect(docker.asked).toEqual(["ps", "info", "exec a", "exec b"]);
});

test("what has input, a time limit or options of its own is asked alone", async () => {
  const docker = host();
  const client = new CombiningClient(docker);
  const psql = ["exec", "-i", "--user=65534:postgres", "a", "sh", "-c", "psql"];
  await Promise.all([
    client.run(["exec", "-i", "a", "sh", "-c", "true"], "password\n"),
    client.run(["exec", "a", "sh", "-c", "true"], "", 20),
    client.run(psql),
    shell(client, "a", "true"),
  ]);
  expect(docker.asked.filter((one) => one === "exec a")).toHaveLength(2);
  expect(docker.asked).toContain(psql.join(" "));
});

test("a container that does not run fails all that was asked in it, and nothing else", async () => {
  const client = new CombiningClient(host());
  const [one, other, elsewhere] = await Promise.all([
    failure(shell(client, "stopped", "true")),
    failure(shell(client, "stopped", "true")),
    shell(client, "a", "echo 1"),
  ]);
  expect([one?.stderr, other?.stderr]).toEqual(["Container 1f is not running", "Container 1f is not running"]);
  expect(elsewhere).toBe("1\n");
});

test("what was inspected is known by its id and its name; what is missing is asked for again", async () => {
  const containers: Record<string, object> = { "1f": { Id: "1f", Name: "/db" }, "2e": { Id: "2e", Name: "/web" } };
  const docker = new ScriptedDocker((command) => {
    const found = command.split(" ").flatMap((word) => containers[word] ?? []);
    const missing = command.split(" ").length - 3 > found.length;
    if (missing)
      throw new DockerError({
        command: "inspect",
        exitCode: 1,
        stderr: "Error: No such container: x",
        stdout: JSON.stringify(found),
      });
    return JSON.stringify(found);
  });
  const client = new CombiningClient(docker);
  expect(await client.inspectAll(["1f", "2e"])).toEqual([containers["1f"], containers["2e"]]);
  expect(await client.inspect("db")).toBe((await client.inspectAll(["1f"]))[0]);
  expect(docker.asked).toEqual(["inspect --type container 1f 2e"]);
  // A volume may have the name of a container.
  expect(await client.inspect("db", "volume")).toBeUndefined();
  expect(await client.inspectAll(["3d", "1f"])).toEqual([containers["1f"]]);
  containers["3d"] = { Id: "3d", Name: "/new" };
  expect(await client.inspectAll(["3d", "1f"])).toEqual([containers["3d"], containers["1f"]]);
  expect(docker.asked.slice(1)).toEqual([
    "inspect --type volume db",
    "inspect --type container 3d",
    "inspect --type container 3d",
  ]);
});
