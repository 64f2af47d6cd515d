import { describe, expect, test } from "vitest";
import { digestIn, hashIn, isSameImage, repositoryOf } from "../../../../components/release/records/image-identity";

const CONFIG = `sha256:${"c".repeat(64)}`;
const MANIFEST = `sha256:${"d".repeat(64)}`;

describe("the same image", () => {
  const classic = { id: CONFIG, digests: [`ghcr.io/nestfleet/nestfleet-api@${MANIFEST}`] };
  const containerd = { id: MANIFEST, digests: [`ghcr.io/nestfleet/nestfleet-api@${MANIFEST}`] };

  test("has another id in the other image store, and the digest of the registry in both", () => {
    expect(isSameImage(classic, containerd)).toBe(true);
    expect(isSameImage(containerd, classic)).toBe(true);
  });

  test("may lie in another repository", () => {
    expect(isSameImage(classic, { id: "sha256:1", digests: [`mirror.example/api@${MANIFEST}`] })).toBe(true);
  });

  test("is known by its id where no registry has it", () => {
    expect(isSameImage({ id: CONFIG, digests: [] }, { id: CONFIG, digests: [] })).toBe(true);
    expect(isSameImage({ id: CONFIG, digests: [] }, { id: MANIFEST, digests: [] })).toBe(false);
  });
});

describe("the digest of an image in the asked repository", () => {
  test.each([
    ["caddy:2-alpine", `caddy@${MANIFEST}`, CONFIG, `caddy@${MANIFEST}`],
    ["docker.io/library/caddy:2-alpine", `caddy@${MANIFEST}`, CONFIG, `caddy@${MANIFEST}`],
    ["127.0.0.1:5055/nestfleet/api:1.5.0", `127.0.0.1:5055/nestfleet/api@${MANIFEST}`, CONFIG, undefined],
    // Of another repository of the same image: only with the containerd store it is the same digest there.
    ["ghcr.io/a/api:1.5.0", `other/api@${MANIFEST}`, MANIFEST, `ghcr.io/a/api@${MANIFEST}`],
    ["ghcr.io/a/api:1.5.0", `other/api@${MANIFEST}`, CONFIG, CONFIG],
    ["ghcr.io/a/api:1.5.0", "", CONFIG, CONFIG],
    ["ghcr.io/a/api:1.5.0", undefined, CONFIG, CONFIG],
  ])("%s, told %s", (reference, digest, id, expected) => {
    expect(digestIn(reference, digest, id)).toBe(expected ?? digest);
  });
});

test.each([
  ["the digest of its repository", [`mirror.example/api@sha256:1`, `ghcr.io/a/api@${MANIFEST}`], MANIFEST],
  ["that of another repository, else", [`mirror.example/api@${MANIFEST}`], MANIFEST],
  ["its id, where no registry has it", [], CONFIG],
])("an image is pinned by %s", (_, digests, expected) => {
  expect(hashIn("ghcr.io/a/api:1.5.0", { id: CONFIG, digests })).toBe(expected);
});

test.each([
  ["pgvector/pgvector:pg16", "pgvector/pgvector"],
  ["docker.io/pgvector/pgvector", "pgvector/pgvector"],
  ["localhost:5000/api", "localhost:5000/api"],
  [`localhost:5000/api:1@${MANIFEST}`, "localhost:5000/api"],
])("the repository of %s is %s", (reference, repository) => {
  expect(repositoryOf(reference)).toBe(repository);
});
