import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { DockerClient, DockerError } from "../../../../components/host/docker/client";
import { isUnfinished } from "../../../../components/operations/recovery/unfinished";

/** Answers `docker exec` by container and test: Docker's words, or nothing where it does not hold. */
class Containers extends DockerClient {
  public constructor(private readonly answer: (container: string, test: string) => string | boolean) {
    super("unix:///nowhere");
  }

  public override run([, container = "", , , holds = ""]: readonly string[]): Promise<string> {
    const answer = this.answer(container, holds);
    if (answer === true) return Promise.resolve("");
    return Promise.reject(new DockerError("exec", 1, answer === false ? "" : answer, ""));
  }
}

const asked = (answer: (container: string, test: string) => string | boolean) =>
  isUnfinished(new Containers(answer), "s");

test("nothing is left half done where no test holds, or no container that could have them", async () => {
  expect(await asked((_, holds) => holds === "true")).toBe(false);
  expect(await asked(() => "Error: No such container: s-postgres")).toBe(false);
  expect(await asked((container) => container === "s-postgres" || "Container 1f is restarting, wait")).toBe(true);
  expect(
    await asked((container, holds) => (container === "s-caddy" ? "Container 1f is not running" : holds === "true")),
  ).toBe(false);
});

test("a question that failed is not taken for no", async () => {
  await expect(asked((container) => (container === "s-postgres" ? "connection reset by peer" : false))).rejects.toThrow(
    "connection reset",
  );
});

test.each<[string, Record<string, string>, boolean]>([
  ["who served was stopped", { paused: "nestfleet-s-api" }, true],
  ["requests are held and nobody was stopped", { "upstream-before": "a\nb", "upstream-api": "255.255.255.255" }, true],
  ["a cutover was not judged", { "upstream-before": "a\nb", "upstream-api": "nestfleet-s-api" }, false],
  ["nothing has served yet", { "upstream-api": "255.255.255.255" }, false],
])("by what the proxy has noted: %s", async (_, files, unfinished) => {
  const folder = mkdtempSync(join(tmpdir(), "unfinished-"));
  for (const [file, content] of Object.entries(files)) writeFileSync(join(folder, file), `${content}\n`);
  const inProxy = (test: string) => spawnSync("sh", ["-c", test.replaceAll("/config", folder)]).status === 0;
  const found = await asked((container, holds) => (container === "s-caddy" ? inProxy(holds) : holds === "true"));
  rmSync(folder, { recursive: true });
  expect(found).toBe(unfinished);
});
