import { afterAll, beforeAll, describe, test } from "vitest";
import { OwnEngine } from "../support/engine";
import { expectRolledBack, expectSettled, expectUp } from "../support/expectations";
import { FULL } from "../support/scale";
import { TestStack } from "../support/stack";
import { imagesOf } from "../support/stand-ins";

/**
 * The old Docker engine and the daemon.json of restart.test.ts, with two differences that matter for a change of
 * release: no container can be paused, as without the kernel's control groups, and containers keep running without the
 * engine.
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

describe.runIf(FULL)("a Docker engine that cannot pause a container", () => {
  beforeAll(async () => {
    await engine.start();
    await engine.load(imagesOf("1.4.2", "1.5.0"));
    await stack.create({ version: "1.4.2", rehearsal: "off", "resources.api.memory": "512MB" });
  });

  afterAll(async () => {
    try {
      await stack.dispose();
    } finally {
      await engine.dispose();
    }
  });

  test("it is installed, and the preview after that is empty", async () => {
    await expectUp(stack);
    await expectSettled(stack, "1.4.2");
    await stack.sql("INSERT INTO cases (id, title, priority) VALUES (gen_random_uuid(), 'earlier', 'normal')");
  });

  test("an upgrade, and a rollback with data", async () => {
    await stack.configure({ version: "1.5.0" });
    const upgraded = await expectUp(stack);
    const [, backup = ""] = /backup (\d{8}T\d{6}Z-1\.4\.2)/.exec(upgraded.output) ?? [];
    await stack.sql("INSERT INTO cases (id, title, priority) VALUES (gen_random_uuid(), 'later', 'normal')");
    await expectRolledBack(stack, "1.4.2", backup, ["earlier"]);
  });
});
