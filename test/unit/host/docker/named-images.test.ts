import { expect, test } from "vitest";
import { digestsRunning, namedImages } from "../../../../components/host/docker/named-images";
import type { ImageInspection } from "../../../../components/host/target";
import { ScriptedDocker } from "../../../support/docker";
import { container } from "../../release/facts";

const references = { api: "api:1", worker: "api:1", console: "console:1", postgres: "pg:16", caddy: "caddy:2" };
const digests = ["console@sha256:d"];

test("what the names mean is what is on the host, by role", () => {
  const fetched = new Map<string, ImageInspection | string>([
    ["api:1", { Id: "a", Config: {}, RepoDigests: null }],
    ["pg:16", { Id: "p", Config: {}, RepoDigests: ["pg@sha256:d"], Created: "2026-11-01T00:00:00Z" }],
    ["caddy:2", "cannot be had"],
  ]);
  expect(namedImages(references, fetched)).toEqual({
    api: { id: "a", digests: [] },
    worker: { id: "a", digests: [] },
    postgres: { id: "p", digests: ["pg@sha256:d"], created: "2026-11-01T00:00:00Z" },
  });
});

const named = { api: { id: "a", digests: [] }, console: { id: "new", digests }, postgres: { id: "p", digests: [] } };
const running = [
  container("api", "1", { imageId: "a" }),
  container("worker", "1", { imageId: "w" }),
  container("console", "1", { imageId: "old" }),
  container("console", "1", { imageId: "refused", running: false }),
  container("postgres", "pg:16", { imageId: "other" }),
];

test("of what the release runs, only the images that the config does not name are asked for", async () => {
  const docker = new ScriptedDocker((command) =>
    command === "inspect --type image old" ? JSON.stringify([{ Id: "old", RepoDigests: digests }]) : undefined,
  );
  expect(await digestsRunning(docker, running, named)).toEqual({ old: digests });
});

test("nothing is asked where there are none, and what is not answered is not known", async () => {
  const docker = new ScriptedDocker(() => undefined);
  expect(await digestsRunning(docker, running.slice(0, 1), named)).toEqual({});
  expect(docker.asked).toEqual([]);
  expect(await digestsRunning(docker, running, named)).toEqual({});
});
