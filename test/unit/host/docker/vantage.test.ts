import { expect, test } from "vitest";
import { vantageOf } from "../../../../components/host/docker/vantage";
import { ScriptedDocker } from "../../../support/docker";

const NETWORK = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

/** A Docker engine with one network besides its default one. */
function engine(info = '["name=seccomp,profile=default"] Debian GNU/Linux 12 (bookworm)') {
  return new ScriptedDocker((command) =>
    command.startsWith("network ls") ? `ffff${NETWORK.slice(4)}\n${NETWORK}\n` : info,
  );
}

const seeing = (...interfaces: string[]) => ({ platform: "linux" as const, interfaces: () => ["lo", ...interfaces] });

test("a bridge of Docker shows that this process has the host's network", async () => {
  expect(await vantageOf(engine(), seeing("eth0", "br-0123456789ab"))).toBe("here");
});

test("bridges of another Docker engine, and the default one, show nothing", async () => {
  expect(await vantageOf(engine(), seeing("docker0", "br-ba9876543210"))).toBe("elsewhere");
});

test.each(['["name=seccomp","name=rootless"] Debian', '["name=seccomp"] Docker Desktop'])(
  "the ports of an engine in a place of its own are forwarded: %s",
  async (info) => {
    expect(await vantageOf(engine(info), seeing("eth0"))).toBe("forwarded");
  },
);

test("elsewhere than on Linux there is a machine in between", async () => {
  expect(await vantageOf(engine(), { platform: "darwin", interfaces: () => [] })).toBe("forwarded");
});
