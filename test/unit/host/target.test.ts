import { expect, test } from "vitest";
import { DockerError } from "../../../components/host/docker/errors";
import { fetchImages } from "../../../components/host/target";
import { ScriptedDocker } from "../../support/docker";

/** A host that has these images, and a registry that has `pulled`. */
function host(present: string[], pulled: string[] = []) {
  return new ScriptedDocker((command) => {
    const [verb, ...words] = command.split(" ");
    const references = words.slice(2);
    if (verb === "pull") {
      const [reference = ""] = words.slice(-1);
      if (!pulled.includes(reference))
        throw new DockerError({ command: "pull", exitCode: 1, stderr: `manifest for ${reference} not found\n` });
      present.push(reference);
      return "";
    }
    const found = references.filter((reference) => present.includes(reference)).map((Id) => ({ Id }));
    if (found.length === references.length) return JSON.stringify(found);
    throw new DockerError({
      command: "inspect",
      exitCode: 1,
      stderr: "Error: No such image",
      stdout: JSON.stringify(found),
    });
  });
}

test("images on the host are read with one command", async () => {
  const docker = host(["api:1", "console:1", "caddy:2"]);
  const fetched = await fetchImages(docker, ["caddy:2", "api:1"]);
  expect([...fetched]).toEqual([
    ["caddy:2", { Id: "caddy:2" }],
    ["api:1", { Id: "api:1" }],
  ]);
  expect(docker.asked).toHaveLength(1);
});

test("a missing one is pulled, or the reason is reported, and no other one is used in its place", async () => {
  const docker = host(["caddy:2"], ["api:1"]);
  const fetched = await fetchImages(docker, ["api:1", "console:1", "caddy:2"]);
  expect([...fetched]).toEqual([
    ["api:1", { Id: "api:1" }],
    ["console:1", "manifest for console:1 not found"],
    ["caddy:2", { Id: "caddy:2" }],
  ]);
});
