import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { DockerError } from "../../../../components/host/docker/errors";
import { INITIALIZE, MountedVolume } from "../../../../components/host/routing/config-volume";
import { ScriptedDocker } from "../../../support/docker";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "config-volume-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

const write = (name: string, content: string) => {
  writeFileSync(join(folder, name), content);
};
const content = (name: string) => readFileSync(join(folder, name), "utf8");
const shell = (words: readonly string[], input = "") => {
  const here = words.map((word) => word.replaceAll("/config", folder));
  return spawnSync("sh", here, { input, encoding: "utf8" });
};

/** The volume of a proxy, with the shell of this machine and a folder in the place of /config. */
const docker = new ScriptedDocker((_, stdin, args) => {
  const { status, stdout, stderr } = shell(args.slice(args.indexOf("sh") + 1), stdin);
  if (status !== 0) throw new DockerError({ command: "exec", exitCode: status ?? undefined, stderr, stdout });
  return stdout.replaceAll(folder, "/config");
});
const volume = new MountedVolume(docker, "nestfleet-prod-caddy");

test("files are read byte by byte; one that does not exist is left out", async () => {
  write("a", "one\ntwo\n");
  write("b", "no end of a line");
  write("c", "");
  write("e", "  \\ spaces\n\n/config/a\n nestfleet-prod-api-9\n");
  const found = await volume.read(["/config/a", "/config/b", "/config/c", "/config/d", "/config/e"]);
  expect(Object.fromEntries(found)).toEqual({
    "/config/a": "one\ntwo",
    "/config/b": "no end of a line",
    "/config/c": "",
    "/config/e": "  \\ spaces\n\n/config/a\n nestfleet-prod-api-9",
  });
});

test("changes are made in order, byte by byte, and leave nothing beside the files", async () => {
  write("gone", "x");
  await volume.change([
    { file: "/config/a", content: "-n $HOME `id` \"'\n" },
    { file: "/config/gone", content: undefined },
    { file: "/config/never", content: undefined },
    { file: "/config/b", content: "one\ntwo" },
    { file: "/config/b", content: "" },
  ]);
  expect(readdirSync(folder)).toEqual(["a", "b"]);
  expect([content("a"), content("b")]).toEqual(["-n $HOME `id` \"'\n", ""]);
});

test("a secret is on no command line, and only its owner may read it", async () => {
  docker.asked.length = 0;
  await volume.change([
    { file: "/config/secret", content: "s3cret", secret: true },
    { file: "/config/a", content: "b" },
  ]);
  expect(docker.asked.join("\n")).not.toContain("s3cret");
  expect([content("secret"), statSync(join(folder, "secret")).mode & 0o777, content("a")]).toEqual([
    "s3cret",
    0o600,
    "b",
  ]);
});

test("a failed change ends the series: earlier ones are made, later ones are not", async () => {
  const changes = ["a", "missing/b", "c"].map((name) => ({ file: `/config/${name}`, content: "x" }));
  await expect(volume.change(changes)).rejects.toThrow(DockerError);
  expect(readdirSync(folder)).toEqual(["a"]);
});

test("before the first start of the proxy, every file that it reads gets a content; an existing content is kept", () => {
  write("upstream-api", "nestfleet-prod-api-1\n");
  expect(shell(["-c", INITIALIZE]).status).toBe(0);
  const unrouted = "255.255.255.255\n";
  const names = ["candidate-api", "candidate-console", "upstream-console"];
  expect(names.map(content)).toEqual(names.map(() => unrouted));
  expect(content("upstream-api")).toBe("nestfleet-prod-api-1\n");
  const token = content("candidate-token");
  expect([token.length, /^[0-9a-f]+$/.test(token), statSync(join(folder, "candidate-token")).mode & 0o777]).toEqual([64, true, 0o600]); // prettier-ignore
  shell(["-c", INITIALIZE]);
  expect(content("candidate-token")).toBe(token);
});
