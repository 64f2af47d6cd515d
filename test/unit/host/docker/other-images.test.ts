import { expect, test } from "vitest";
import { libraryOf, otherImages } from "../../../../components/host/docker/other-images";
import type { ImageInspection } from "../../../../components/host/target";
import { container } from "../../release/facts";
import { ScriptedDocker } from "../../../support/docker";

test.each([
  ["ldd (Debian GLIBC 2.41-12) 2.41 Copyright (C) 2024", "glibc 2.41"],
  ["ldd (Ubuntu GLIBC 2.35-0ubuntu3.8) 2.35", "glibc 2.35"],
  ["ldd (GNU libc) 2.34", "glibc 2.34"],
  ["musl libc (x86_64) Version 1.2.5", "musl 1.2.5"],
  ["sh: ldd: not found", undefined],
])("the C library of %j", (said, library) => {
  expect(libraryOf(said)).toBe(library);
});

const references = { api: "api:1", worker: "api:1", console: "console:1", postgres: "pg:16", caddy: "caddy:2" };
const running = [
  container("postgres", "pg:16", { imageId: "sha256:a" }),
  container("caddy", "caddy:2", { imageId: "c" }),
];

test("an image that is the one that runs is not looked into", async () => {
  const docker = new ScriptedDocker(() => undefined);
  const fetched = new Map([
    ["pg:16", { Id: "sha256:a", Config: {} }],
    ["caddy:2", { Id: "c", Config: {} }],
  ]);
  expect(await otherImages(docker, { containers: running, references, fetched })).toEqual([]);
  expect(docker.asked).toEqual([]);
});

test("another one is described by what it says of itself, without control characters or odd names", async () => {
  const said =
    "system\tDebian \u001b[31m13\nlibrary\tldd (Debian GLIBC 2.43-7) 2.43\nlz4\tno\nextension\tvector\t0.8.1\nextension\tx;y\t1\n";
  const docker = new ScriptedDocker((command) =>
    command.startsWith("run ") ? said : "library\tldd (GNU libc) 2.36\nlz4\tyes; no\n",
  );
  const fetched = new Map<string, ImageInspection | string>([
    ["pg:16", { Id: "sha256:b", Created: "2026-11-01T00:00:00Z", Config: {} }],
    ["caddy:2", "cannot be had"],
  ]);
  expect(await otherImages(docker, { containers: running, references, fetched })).toEqual([
    {
      role: "postgres",
      reference: "pg:16",
      moved: true,
      running: { id: "sha256:a", system: undefined, library: "glibc 2.36" },
      wanted: {
        id: "sha256:b",
        created: "2026-11-01T00:00:00Z",
        system: "Debian [31m13",
        library: "glibc 2.43",
        readsLz4: false,
        extensions: { vector: "0.8.1" },
      },
    },
  ]);
  expect(docker.asked.find((command) => command.startsWith("run "))).toContain("--network=none");
});
