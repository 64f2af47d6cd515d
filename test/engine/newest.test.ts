import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { OwnEngine } from "../support/engine";
import { createIsolatedNetwork } from "../../components/host/docker/isolated-network";
import { expectRolledBack, expectSettled, expectUp } from "../support/expectations";
import { FULL } from "../support/scale";
import { TestStack } from "../support/stack";
import { imagesOf } from "../support/stand-ins";

/**
 * The newest Docker engine, with the image store of new installations, and with options that an administrator may have
 * written into daemon.json. None of them may be a change in the second preview.
 */
const engine = new OwnEngine({
  version: "newest",
  daemon: {
    features: { "containerd-snapshotter": true },
    "log-driver": "json-file",
    "log-opts": {
      "max-size": "50m",
      "max-file": "9",
      compress: "true",
      tag: "{{.Name}}",
      labels: "org.nestfleet.role",
      env: "NODE_ENV",
      mode: "non-blocking",
      "max-buffer-size": "4m",
    },
    "default-network-opts": {
      bridge: { "com.docker.network.driver.mtu": "1400", "com.docker.network.enable_ipv6": "true" },
    },
    "default-address-pools": [
      { base: "10.213.0.0/16", size: 24 },
      { base: "fd00:213::/56", size: 64 },
    ],
    "default-ulimits": { nofile: { Name: "nofile", Soft: 4096, Hard: 8192 } },
    "default-shm-size": "96M",
    "default-cgroupns-mode": "private",
    "default-ipc-mode": "shareable",
    dns: ["127.0.0.53"],
    "dns-search": ["example.com"],
    init: true,
    icc: false,
    "live-restore": true,
    "no-new-privileges": true,
    "userland-proxy": false,
  },
});
const stack = new TestStack("test-newest", 18440, engine);
let backup = "";

beforeAll(async () => {
  await engine.start();
  await engine.load(imagesOf("1.4.2", ...(FULL ? ["1.5.0", "1.6.0"] : [])));
  await stack.create({
    version: "1.4.2",
    "resources.api.memory": "512MB",
    "resources.api.cpus": "1",
    "postgres.memory": "1GB",
  });
});

afterAll(async () => {
  try {
    await stack.dispose();
  } finally {
    await engine.dispose();
  }
});

describe("on the newest Docker engine, with the containerd store and a daemon.json of its own", () => {
  test("the engine has that version, store and options", async () => {
    const asked = "{{.ServerVersion}} {{json .DriverStatus}} {{.LoggingDriver}}";
    expect(await engine.docker.run(["info", "--format", asked])).toMatch(
      /^(2[89]|[3-9]\d)\..*io\.containerd\.snapshotter\.v1.* json-file/,
    );
  });

  test("it is installed, and the preview after that is empty", async () => {
    await expectUp(stack);
    await expectSettled(stack, "1.4.2");
    const log = await stack.docker.run([
      "inspect",
      "--format",
      "{{json .HostConfig.LogConfig}}",
      `nestfleet-${stack.name}-postgres`,
    ]);
    expect(JSON.parse(log)).toMatchObject({
      Type: "json-file",
      Config: { "max-size": "10m", "max-file": "3", compress: "true", tag: "{{.Name}}", mode: "non-blocking" },
    });
    await stack.sql("INSERT INTO cases (id, title, priority) VALUES (gen_random_uuid(), 'earlier', 'normal')");
  });

  test.runIf(FULL)("an upgrade", async () => {
    await stack.configure({ version: "1.5.0" });
    const up = await expectUp(stack);
    backup = /backup (\d{8}T\d{6}Z-1\.4\.2)/.exec(up.output)?.[1] ?? "";
    await expectSettled(stack, "1.5.0");
    await stack.sql("INSERT INTO cases (id, title, priority) VALUES (gen_random_uuid(), 'later', 'normal')");
  });

  test.runIf(FULL)("a rejected upgrade: the old release continues, also once the config is taken back", async () => {
    await stack.configure({ version: "1.6.0" });
    const refused = await stack.up();
    expect(refused.exitCode, refused.output).not.toBe(0);
    expect(refused.output).toMatch(/the migrations fail on a copy of the data[^]*known_priorities|violates/);
    await stack.configure({ version: "1.5.0" });
    await expectUp(stack);
    await expectSettled(stack, "1.5.0");
  });

  test.runIf(FULL)("a rollback with data", async () => {
    await expectRolledBack(stack, "1.4.2", backup, ["earlier"]);
  });

  test("the isolated network does not lead to the host either", async () => {
    const name = "nestfleet-test-newest-nowhere";
    await createIsolatedNetwork(engine.docker, name);
    try {
      const [image = ""] = (
        await engine.docker.run(["image", "ls", "--quiet", "--filter", "reference=*/postgres:17"])
      ).split("\n");
      // The first address of the range is the host's, if the host has an address there.
      const command = ["run", "--rm", `--network=${name}`, "--entrypoint=hostname", image, "-I"];
      expect(await engine.docker.run(command)).toMatch(/\b10\.213\.\d+\.1\s/);
    } finally {
      await engine.docker.run(["network", "rm", name]);
    }
  });
});
