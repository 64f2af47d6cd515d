import { expect, test } from "vitest";
import { Database } from "../../../../components/host/database/database";
import { Session } from "../../../../components/host/database/session";
import { DockerClient } from "../../../../components/host/docker/client";
import { dockerRuns } from "../../../support/docker";

/** A conversation with a server that answers in the way of `answers`, which has the line that was asked in `$line`. */
function session(answers: string): Session {
  dockerRuns(
    `while read -r line; do case $line in "\\\\echo "*) echo "\${line#?echo }" ;; *) ${answers} ;; esac; done`,
  );
  return new Session(new Database(new DockerClient("unix:///nowhere"), "postgres"), "test", "nestfleet");
}

test("each question has its own answer, in the order in which they were asked", async () => {
  const asked = session('echo "$line twice"; echo "$line"');
  expect(await Promise.all([asked.query("one"), asked.query("two")])).toEqual([
    ["one twice", "one"],
    ["two twice", "two"],
  ]);
  await asked.close();
});

test("a question that waits for a lock is given up once its signal says so, and none can follow", async () => {
  const asked = session("exec sleep 60");
  const stop = new AbortController();
  const waiting = asked.query("LOCK", stop.signal);
  setTimeout(() => {
    stop.abort();
  }, 200);
  await expect(waiting).rejects.toThrow("the connection to the database was closed");
  await expect(asked.query("SELECT 1")).rejects.toThrow("the connection to the database was closed");
  await asked.close();
});

test("a signal that comes after the answer ends nothing", async () => {
  const asked = session('echo "$line"');
  const stop = new AbortController();
  expect(await asked.query("one", stop.signal)).toEqual(["one"]);
  stop.abort();
  expect(await asked.query("two")).toEqual(["two"]);
  await asked.close();
});
