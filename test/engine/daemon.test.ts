import { afterAll, beforeAll, expect, test } from "vitest";
import { OwnEngine } from "../support/engine";
import { expectRolledBack, expectSettled, expectUp } from "../support/expectations";
import { TestStack } from "../support/stack";
import { imagesOf } from "../support/stand-ins";

/**
 * An old engine on a host that can limit neither memory nor processor and cannot pause a container, as without the
 * kernel's control groups, and whose containers log somewhere else by default.
 */
const engine = new OwnEngine({
  lacking: ["memory", "cpu", "freezer"],
  daemon: {
    "log-driver": "gelf",
    "log-opts": { "gelf-address": "udp://127.0.0.1:12201", tag: "{{.Name}}" },
    "live-restore": true,
    "userland-proxy": false,
  },
});
const stack = new TestStack("test-daemon", 18460, engine);
let backup = "";

beforeAll(async () => {
  await engine.start();
  await engine.load(imagesOf("1.4.2", "1.5.0"));
  await stack.create({
    version: "1.4.2",
    rehearsal: "off",

    "resources.api.memory": "512MB",
    "resources.api.cpus": "1",
  });
});

afterAll(async () => {
  try {
    await stack.dispose();
  } finally {
    await engine.dispose();
  }
});

test("it is installed, says what is not limited, and the preview after that is empty", async () => {
  const { summary } = await stack.previewed();
  expect(summary).toMatch(/cannot (be )?limit/);
  await expectUp(stack);
  await expectSettled(stack, "1.4.2");
  const asked = ["inspect", "--format", "{{.HostConfig.LogConfig.Type}}", `nestfleet-${stack.name}-postgres`];
  expect((await stack.docker.run(asked)).trim()).toBe("json-file");
  await stack.sql("INSERT INTO cases (id, title, priority) VALUES (gen_random_uuid(), 'earlier', 'normal')");
});

test("an upgrade, and a rollback with data", async () => {
  await stack.configure({ version: "1.5.0" });
  const upgraded = await expectUp(stack);
  backup = /backup (\d{8}T\d{6}Z-1\.4\.2)/.exec(upgraded.output)?.[1] ?? "";
  await stack.sql("INSERT INTO cases (id, title, priority) VALUES (gen_random_uuid(), 'later', 'normal')");
  await expectRolledBack(stack, "1.4.2", backup, ["earlier"]);
});
