import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ownHost } from "../../../components/host/own-host";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "nestfleet-own-host-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

const write = (text: string) => {
  writeFileSync(join(folder, "Pulumi.prod.yaml"), text);
};
const chosen = (named?: string, environment: Record<string, string> = {}, stack = "prod", replaces = false) =>
  ownHost(stack, named, { environment, folder, replaces });

describe("the host of a stack that is named", () => {
  test("is that of its configuration, which can be read without Pulumi and secrets", async () => {
    write(
      "encryptionsalt: v1:x\nconfig:\n  nestfleet:dockerHost: ssh://root@fleet\n  nestfleet:secrets:\n    jwtSecret:\n      secure: v1:y\n",
    );
    expect(await chosen()).toEqual({ stack: "prod", host: "ssh://root@fleet" });
    expect(await chosen(undefined, {}, "organization/nestfleet/prod")).toEqual({
      stack: "prod",
      host: "ssh://root@fleet",
    });
  });

  test.each(["config:\n  nestfleet:version: 1.4.2\n", "", "config:\n"])(
    "is the default where the config %j names none",
    async (text) => {
      write(text);
      expect(await chosen()).toEqual({ stack: "prod", host: "unix:///var/run/docker.sock" });
    },
  );

  test("is never a different one of the shell: both are named, and nothing is done", async () => {
    write("config:\n  nestfleet:dockerHost: ssh://root@fleet\n");
    const disagree = chosen(undefined, { DOCKER_HOST: "unix:///var/run/docker.sock" });
    await expect(disagree).rejects.toThrow(/ssh:\/\/root@fleet[^]*unix:\/\/\/var\/run\/docker\.sock[^]*--docker-host/);
    expect(await chosen("unix:///other.sock", { DOCKER_HOST: "ssh://x" })).toMatchObject({
      host: "unix:///other.sock",
    });
  });

  test.each(["tcp://10.0.0.1:2375", "ssh://a@-oProxyCommand=x", "ssh://a:b@c", "fleet"])(
    "is not %s, from the configuration or the shell, and no command is sent there",
    async (host) => {
      const rule = /the Docker host must be unix:\/\/\/path[^]*Nothing was touched/;
      await expect(chosen(host)).rejects.toThrow(rule);
      await expect(chosen(undefined, { DOCKER_HOST: host })).rejects.toThrow(rule);
    },
  );

  test("may have another spelling in the shell", async () => {
    writeFileSync(join(folder, "engine.sock"), "");
    symlinkSync(join(folder, "engine.sock"), join(folder, "link.sock"));
    write(`config:\n  nestfleet:dockerHost: unix://${folder}/engine.sock\n`);
    expect(await chosen(undefined, { DOCKER_HOST: `unix://${folder}/link.sock` })).toMatchObject({
      host: `unix://${folder}/engine.sock`,
    });
    write("config:\n  nestfleet:dockerHost: ssh://root@fleet\n");
    expect(await chosen(undefined, { DOCKER_HOST: "ssh://root@fleet/" })).toMatchObject({ host: "ssh://root@fleet" });
  });

  test("is that of the shell if there is no configuration", async () => {
    expect(await chosen(undefined, { DOCKER_HOST: "ssh://there" })).toEqual({ stack: "prod", host: "ssh://there" });
    expect(await chosen(undefined, { DOCKER_HOST: "" })).toEqual({
      stack: "prod",
      host: "unix:///var/run/docker.sock",
    });
  });

  test("must be given for a restore: the shell alone may mean a stack of the same name on another host", async () => {
    const there = { DOCKER_HOST: "ssh://there" };
    await expect(chosen(undefined, there, "prod", true)).rejects.toThrow(
      /cannot be told[^]*--docker-host ssh:\/\/there/,
    );
    expect(await chosen("ssh://there", there, "prod", true)).toMatchObject({ host: "ssh://there" });
    expect(await chosen(undefined, {}, "prod", true)).toMatchObject({ host: "unix:///var/run/docker.sock" });
  });

  test.each([
    ["config: [", /cannot be read[^]*--docker-host/],
    ["config: 7\n", /it is not the config of a stack/],
    ["config:\n  nestfleet:dockerHost:\n    secure: v1:x\n", /is not plain text; name the host of prod/],
  ])("is not known from the configuration %j", async (text, why) => {
    write(text);
    await expect(chosen()).rejects.toThrow(why);
  });

  test("has a name that is not a path", async () => {
    for (const name of ["../prod", "prod;x", "", "a/b/c/d", ".."])
      await expect(chosen(undefined, {}, name)).rejects.toThrow(/is not the name of a stack/);
  });
});
