import { expect, test } from "vitest";
import { asInputs, asOptions, looking, LOOKS } from "../../../../components/host/docker/hardening";
import { HOST_NETWORK } from "../../../../components/host/docker/host-network";
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

test("log options always come with their driver, because Docker's default driver may refuse them", () => {
  expect(asOptions({ capabilities: ["CHOWN"] })).toEqual([
    "--log-driver=json-file",
    "--log-opt=max-size=10m",
    "--log-opt=max-file=3",
    "--pids-limit=4096",
    "--cap-drop=ALL",
    "--cap-add=CHOWN",
    "--security-opt=no-new-privileges",
    "--ulimit=core=0:0",
  ]);
  expect(asOptions({ logs: false })).toEqual([
    "--log-driver=none",
    "--pids-limit=4096",
    "--cap-drop=ALL",
    "--security-opt=no-new-privileges",
    "--ulimit=core=0:0",
  ]);
});

const SERVICE = { capabilities: ["CHOWN"], readOnly: { "/tmp": "size=1g" }, serves: { graceSeconds: 30 } };

test("the rules of a service, as options and as inputs", () => {
  expect(asOptions(SERVICE)).toEqual([
    ...asOptions({ capabilities: ["CHOWN"] }),
    "--read-only",
    "--tmpfs=/tmp:size=1g",
    "--restart=unless-stopped",
    "--stop-timeout=30",
  ]);
  // The order counts: the state of a stack has a digest of it.
  expect(JSON.stringify(asInputs(SERVICE))).toBe(
    JSON.stringify({
      restart: "unless-stopped",
      logDriver: "json-file",
      logOpts: { "max-size": "10m", "max-file": "3" },
      securityOpts: ["no-new-privileges"],
      capabilities: { drops: ["ALL"], adds: ["CAP_CHOWN"] },
      ulimits: [{ name: "core", soft: 0, hard: 0 }],
      readOnly: true,
      tmpfs: { "/tmp": "size=1g" },
      stopTimeout: 30,
      destroyGraceSeconds: 30,
    }),
  );
});

test("a container that is kept as an older program has made it has neither the limit nor the file system of today", () => {
  const kept = asInputs(SERVICE, true);
  expect(Object.keys(asInputs(SERVICE)).filter((key) => !(key in kept))).toEqual(["ulimits", "readOnly", "tmpfs"]);
});

test("a container that only looks has no network, writes nowhere and has limits of its own", () => {
  const options = looking(["DAC_OVERRIDE"]);
  expect(options.slice(0, 2)).toEqual(["run", "--rm"]);
  expect(options).toEqual(
    expect.arrayContaining(["--network=none", "--read-only", "--log-driver=none", "--cap-add=DAC_OVERRIDE"]),
  );
  expect(options.filter((option) => option.startsWith("--pids-limit"))).toEqual(["--pids-limit=64"]);
});

test("a container on the Docker host's network has the rules of one that only looks", () => {
  expect(HOST_NETWORK).toEqual(expect.arrayContaining(["--network=host", ...asOptions(LOOKS)]));
});
