import { expect, test } from "vitest";
import { inspectContainer } from "../../../../components/host/docker/containers";
import { causeOfDeath, watch } from "../../../../components/host/docker/health";
import { ScriptedDocker } from "../../../support/docker";

const RUNNING = { Status: "running", Running: true, Restarting: false, OOMKilled: false, ExitCode: 0 };
const LONG_AGO = "2026-01-01T00:00:00Z";

function container(id: string, state: object = {}, restarts = 0): object {
  return {
    Id: id,
    Name: `/nestfleet-prod-${id}`,
    Image: `sha256:${id}`,
    RestartCount: restarts,
    Config: { Labels: {} },
    State: { ...RUNNING, StartedAt: LONG_AGO, ...state },
  };
}

/** What is said of api and worker after they have become these. */
async function said(...later: object[]): Promise<string | undefined> {
  // The worker was restarted before the watch began, which does not count against it.
  let now = [container("api"), container("worker", {}, 1)];
  const death = await watch(new ScriptedDocker(() => JSON.stringify(now)), ["api", "worker"]);
  expect(await death()).toBeUndefined();
  now = later;
  return death();
}

test.each<[string, object[], string]>([
  [
    "was started again so quickly that no request failed",
    [container("api", { StartedAt: new Date().toISOString() }, 1), container("worker", {}, 1)],
    "nestfleet-prod-api does not stay up: it exited and was restarted 1 times",
  ],
  [
    "was restarted by hand",
    [container("api"), container("worker", { StartedAt: "2026-01-02T00:00:00Z" }, 1)],
    "nestfleet-prod-worker does not stay up: it was started again",
  ],
  [
    "is just being restarted",
    [container("api"), container("worker", { Restarting: true, ExitCode: 137, OOMKilled: true }, 2)],
    "nestfleet-prod-worker does not stay up: it was killed for using more memory than its limit",
  ],
  [
    "is gone for good",
    [container("api", { Status: "exited", Running: false, ExitCode: 3 }), container("worker", {}, 1)],
    "nestfleet-prod-api does not stay up: it exited with code 3",
  ],
  ["was removed", [container("api")], "a container was removed meanwhile"],
])("the watch reports a container that %s", async (_, later, words) => {
  expect(await said(...later)).toBe(words);
});

test("a container that was restarted before the watch began, and runs on, is accepted", async () => {
  expect(await said(container("api"), container("worker", {}, 1))).toBeUndefined();
});

test.each([
  ["an hour ahead", 3_600_000],
  ["an hour behind", -3_600_000],
])(
  "the uptime of a container is measured with the clock of the Docker host, which may be %s of this one",
  async (_, skew) => {
    const at = (secondsAgo: number) => new Date(Date.now() + skew - secondsAgo * 1000).toISOString();
    const found = (secondsAgo: number) =>
      inspectContainer(
        new ScriptedDocker((command) =>
          command.startsWith("info ")
            ? `${at(0)}\n`
            : JSON.stringify([container("api", { StartedAt: at(secondsAgo) }, 1)]),
        ),
        "api",
      );
    expect(causeOfDeath(await found(20))).toBe("it exited and was restarted 1 times");
    expect(causeOfDeath(await found(200))).toBeUndefined();
  },
);
