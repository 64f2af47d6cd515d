import { describe, expect, test } from "vitest";
import { digestsOf, findImage, howToGet } from "../../../../components/host/docker/images";
import { ScriptedDocker } from "../../../support/docker";

const MANIFEST = `sha256:${"d".repeat(64)}`;
const DIGEST = `ghcr.io/nestfleet/nestfleet-api@${MANIFEST}`;

/** A Docker client that has one image. */
function engine(id: string, digests: string[]): ScriptedDocker {
  return new ScriptedDocker((command) => {
    if (command.startsWith("image ls ")) return [`${id} ${MANIFEST}`, "sha256:other <none>"].join("\n");
    return command === `inspect --type image ${id}` ? JSON.stringify([{ Id: id, RepoDigests: digests }]) : undefined;
  });
}

describe("an image that a backup names is found", () => {
  test("by its id, without another question", async () => {
    const docker = engine("sha256:1", [DIGEST]);
    expect(await findImage(docker, { id: "sha256:1", digests: [] })).toBe("sha256:1");
    expect(docker.asked).toHaveLength(1);
  });

  test.each([
    ["on an engine with the containerd store", "sha256:classic", MANIFEST],
    ["on an engine with the classic store", MANIFEST, "sha256:classic"],
  ])("by the digest of its registry, %s", async (_, id, there) => {
    expect(await findImage(engine(there, [DIGEST]), { id, digests: [DIGEST] })).toBe(there);
  });

  test("or not at all", async () => {
    expect(await findImage(engine("sha256:1", [DIGEST]), { id: "sha256:2", digests: [] })).toBeUndefined();
    const another = { id: "sha256:2", digests: ["ghcr.io/nestfleet/nestfleet-api@sha256:3"] };
    expect(await findImage(engine("sha256:1", [DIGEST]), another)).toBeUndefined();
    expect(howToGet(another)).toBe("docker pull ghcr.io/nestfleet/nestfleet-api@sha256:3");
  });
});

test("a backup records what registries call its images; one from no registry has no digest", async () => {
  const docker = new ScriptedDocker((command) =>
    command === "inspect --type image sha256:1 sha256:2"
      ? JSON.stringify([{ Id: "sha256:1", RepoDigests: [DIGEST] }, { Id: "sha256:2" }])
      : undefined,
  );
  const images = { api: "sha256:1", worker: "sha256:1", console: "sha256:2" };
  expect(await digestsOf(docker, images)).toEqual({ api: [DIGEST], worker: [DIGEST], console: [] });
});
