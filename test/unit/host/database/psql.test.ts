import { expect, test } from "vitest";
import { psqlEach } from "../../../../components/host/database/psql";
import { DockerError } from "../../../../components/host/docker/errors";
import { answered, ScriptedDocker } from "../../../support/docker";

const answering = new ScriptedDocker((_, stdin) =>
  answered(stdin, (question) => (question.trim() === "nothing" ? "" : question.trim())),
);

test("each question of a session has its own answer, of no line or of several", async () => {
  expect(await psqlEach(answering, "postgres", ["one\nand two", "nothing", "three"])).toEqual([
    "one\nand two",
    "",
    "three",
  ]);
  expect(answering.asked).toHaveLength(1);
});

test("a question that cannot be answered fails all", async () => {
  const failing = new ScriptedDocker(() => {
    throw new DockerError({ command: "exec", exitCode: 3, stderr: "ERROR: permission denied to set parameter" });
  });
  await expect(psqlEach(failing, "postgres", ["one", "two"])).rejects.toThrow("permission denied");
});
