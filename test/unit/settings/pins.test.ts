import { describe, expect, test } from "vitest";
import { problems, settings } from "./checked";

const DIGEST = `sha256:${"0123456789abcdef".repeat(4)}`;
const WORKER = "ghcr.io/nestfleet/nestfleet-worker";

describe("the images of a release can be pinned", () => {
  test.each<[string, Record<string, unknown>]>([
    ["api and console", { digests: { api: DIGEST, console: DIGEST } }],
    ["a worker that has an image of its own", { worker: WORKER, digests: { worker: DIGEST } }],
    ["none of them", { digests: {} }],
  ])("%s", (_, images) => {
    expect(settings({ images }).images).toMatchObject(images);
  });

  test("with an empty source, which counts as not set", () => {
    const images = { digests: { api: DIGEST } };
    expect(settings({ source: "", images }).images).toMatchObject(images);
  });
});

describe("but not images that do not exist", () => {
  const built = {
    path: "nestfleet:images.digests",
    value: "given, and nestfleet:source is, too",
    rule: "left out where the images are built: each build of the same source has another digest",
    fix: "pulumi config rm --stack prod --path 'nestfleet:images.digests'    # or pulumi config rm --stack prod nestfleet:source",
  };
  const shared = {
    path: "nestfleet:images.digests.worker",
    value: "given, and nestfleet:images.worker is not",
    rule: "left out where the worker runs the api image, which images.digests.api pins",
    fix: "pulumi config rm --stack prod --path 'nestfleet:images.digests.worker'    # or pulumi config set --stack prod --path 'nestfleet:images.worker' REPOSITORY",
  };
  const source = "https://example.com/nestfleet.git";

  test.each<[string, Record<string, unknown>, object]>([
    ["that are built", { source, images: { digests: { api: DIGEST } } }, built],
    ["that are built, a worker's own among them", { source, images: { digests: { worker: DIGEST } } }, built],
    ["of a worker that runs the api image", { images: { digests: { worker: DIGEST } } }, shared],
  ])("%s", (_, config, expected) => {
    expect(problems(config)).toEqual([expected]);
  });

  test("and all problems with them are reported together", () => {
    const found = problems({ source, images: { api: "api:1", digests: { console: "latest" } } });
    expect(found.map(({ path }) => path)).toEqual([
      "nestfleet:images.api",
      "nestfleet:images.digests.console",
      "nestfleet:images.digests",
    ]);
  });
});
