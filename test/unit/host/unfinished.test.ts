import { expect, test } from "vitest";
import { DockerClient, DockerError } from "../../../components/docker/client";
import { isUnfinished } from "../../../components/host/unfinished";

/** Answers `docker exec` by container and file: Docker's words, or nothing where the file is not there. */
class Containers extends DockerClient {
  public constructor(private readonly answer: (container: string, file: string) => string | boolean) {
    super("unix:///nowhere");
  }

  public override run([, container = "", , , file = ""]: readonly string[]): Promise<string> {
    const answer = this.answer(container, file);
    if (answer === true) return Promise.resolve("");
    return Promise.reject(new DockerError("exec", 1, answer === false ? "" : answer, ""));
  }
}

const asked = (answer: (container: string, file: string) => string | boolean) =>
  isUnfinished(new Containers(answer), "s");

test("nothing is left half done where neither file is there, or no container that could have them", async () => {
  expect(await asked((_, file) => file === "/etc/passwd")).toBe(false);
  expect(await asked(() => "Error: No such container: s-postgres")).toBe(false);
  expect(await asked((container) => container === "s-postgres" || "Container 1f is restarting, wait")).toBe(true);
  expect(
    await asked((container, file) =>
      container === "s-caddy" ? "Container 1f is not running" : file === "/etc/passwd",
    ),
  ).toBe(false);
});

test("a question that failed is not taken for no", async () => {
  await expect(asked((container) => (container === "s-postgres" ? "connection reset by peer" : false))).rejects.toThrow(
    "connection reset",
  );
});
