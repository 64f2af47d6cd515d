import { describe, expect, test } from "vitest";
import {
  DockerError,
  jsonIn,
  onDockerError,
  REMOVED,
  unlessDockerFails,
  unlessGone,
} from "../../../../components/host/docker/errors";

const saying = (stderr: string) =>
  Promise.reject(new DockerError({ command: "stop", exitCode: 1, stderr, stdout: "" }));
const fault = () => Promise.reject(new TypeError("x is not a function"));

describe("a failure of Docker", () => {
  test("is replaced by what stands for it, and an answer is not", async () => {
    expect(await unlessDockerFails(saying("no route to host"), "unknown")).toBe("unknown");
    expect(await unlessDockerFails(Promise.resolve("an answer"), "unknown")).toBe("an answer");
    expect(await onDockerError(saying("no route to host"), ({ stderr }) => stderr)).toBe("no route to host");
  });

  test("is ignored if the object to remove no longer exists", async () => {
    await unlessGone(saying("Error response from daemon: No such container: x"));
    await unlessGone(saying("removal of container x is already in progress"), REMOVED);
    await expect(unlessGone(saying("permission denied"), REMOVED)).rejects.toThrow("permission denied");
  });
});

test.each<[string, (work: Promise<unknown>) => Promise<unknown>]>([
  ["unlessDockerFails", (work) => unlessDockerFails(work, undefined)],
  ["onDockerError", (work) => onDockerError(work, () => undefined)],
  ["unlessGone", (work) => unlessGone(work, /./)],
])("a fault of the program is never taken for an answer of Docker: %s", async (_, handle) => {
  await expect(handle(fault())).rejects.toThrow(TypeError);
});

test("an answer that is not valid JSON is a failure of Docker", () => {
  expect(jsonIn('[{"Id":"1f"}]', "inspect")).toEqual([{ Id: "1f" }]);
  expect(() => jsonIn("[{", "inspect")).toThrow(DockerError);
});
