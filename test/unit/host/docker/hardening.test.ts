import { expect, test } from "vitest";
import { hardened, looking, passing } from "../../../../components/host/docker/hardening";
import { isOwnLog } from "../../../../components/release/containers/logging";

const options = { "max-size": "10m", "max-file": "3" };

test.each([
  ["as it was made", { driver: "json-file", options }, true],
  ["with what the engine adds", { driver: "json-file", options: { ...options, compress: "true", tag: "x" } }, true],
  ["of another size", { driver: "json-file", options: { ...options, "max-size": "50m" } }, false],
  ["without a limit", { driver: "json-file", options: {} }, false],
  ["of another driver", { driver: "journald", options }, false],
])("a container's log is the one it is to have, or not: %s", (_, log, own) => {
  expect(isOwnLog(log)).toBe(own);
});

test("options of a log never go without their driver: the engine's default may be one that refuses them", () => {
  expect(hardened(["CHOWN"])).toEqual([
    "--log-driver=json-file",
    "--log-opt=max-size=10m",
    "--log-opt=max-file=3",
    "--pids-limit=4096",
    "--cap-drop=ALL",
    "--cap-add=CHOWN",
    "--security-opt=no-new-privileges",
    "--ulimit=core=0:0",
  ]);
  expect(passing()).toEqual([
    "--log-driver=none",
    "--pids-limit=4096",
    "--cap-drop=ALL",
    "--security-opt=no-new-privileges",
    "--ulimit=core=0:0",
  ]);
});

test("a container that only looks has a limit of its own for processes, and no other one", () => {
  expect(looking().filter((option) => option.startsWith("--pids-limit"))).toEqual(["--pids-limit=64"]);
});
