import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { expectServes, expectServesOrSettled, expectSettled, expectUp, upUnderLoad } from "../support/expectations";
import { Flood, FLOOD_REQUESTS } from "../support/flood";
import { planned, refusalOf } from "../support/planned";
import { FULL, REHEARSAL } from "../support/scale";
import { run, TestStack } from "../support/stack";

/**
 * Fault 41: a first installation that was refused continues where it stopped, however often it is tried. Later, releases
 * that do not answer, or always with the same version.
 */
const stack = new TestStack("test-install", 18300);
const caddy = "nestfleet-test-install-caddy";
const REGISTRY = "127.0.0.1:5055";
const API = `${REGISTRY}/nestfleet/api-of-install`;
const CONSOLE = `${REGISTRY}/nestfleet/console-of-install`;
const own: string[] = [];
const TIMEOUT_SECONDS = 12;
/** The time limit of one check through the published ports. */
const LIMIT_SECONDS = 10;
/** The time from the cutover until the fault is noticed and the requests go to the old release again. */
const BACK_SECONDS = 5 + LIMIT_SECONDS + 10;
const folder = mkdtempSync(join(tmpdir(), "nestfleet-install-"));

beforeAll(async () => {
  await broken("api", "1.5.1", `${API}-broken`);
  await broken("console", "1.5.1", `${CONSOLE}-broken`);
  if (FULL) await broken("console", "1.6.3", `${CONSOLE}-broken`);
  await tag("nestfleet-standin/caddy:2.11", `${API}-without-node:1.6.3`);
  await stack.create({ version: "1.5.1", "images.api": `${API}-broken`, rehearsal: "off" });
});

afterAll(async () => {
  await stack.dispose();
  rmSync(folder, { recursive: true });
  for (const image of new Set(own)) await stack.docker.run(["image", "rm", "--force", image]);
});

/** Runs an update that must be refused with a reason. */
async function refused(reason: RegExp, ...args: string[]): Promise<void> {
  const { exitCode, output } = await (args.length === 0 ? stack.up() : stack.try(...args));
  expect(exitCode, output).not.toBe(0);
  expect(output).toMatch(reason);
  expectNoTrace(output);
}

function expectNoTrace(output: string): void {
  expect(output).not.toMatch(/unhandled|^ +at .*:\d+:\d+|DockerError|TypeError|node:internal/m);
}

test("an api that is refused", async () => {
  const dead = /api is not healthy: it exited[^]*no service today/;
  await refused(dead);
  if (FULL) await refused(dead);
});

test("then a console", async () => {
  await stack.configure({
    "images.api": `${REGISTRY}/nestfleet/nestfleet-api`,
    "images.console": `${CONSOLE}-broken`,
  });
  const dead = /console is not healthy: it exited[^]*no service today/;
  await refused(dead);
  if (FULL) await refused(dead);
});

test("then the installation succeeds, and values that YAML takes for numbers are as they were typed", async () => {
  await stack.configure({ "images.console": `${REGISTRY}/nestfleet/nestfleet-console` });
  await stack.pulumi("config", "set", "--path", "nestfleet:env.GUILD_ID", "1234567890123456789");
  const file = `Pulumi.${stack.name}.yaml`;
  writeFileSync(file, readFileSync(file, "utf8").replace(/^( *)GUILD_ID: \d+$/m, "$&\n$1FEED_RELEASE: 22.10"));
  const { exitCode, output } = await stack.try("preview");
  expect(exitCode).not.toBe(0);
  expect(output).toMatch(/1 problem [^]*nestfleet:env\.FEED_RELEASE is 22\.1, which YAML makes of 22\.10/);
  const [, fix = ""] = /fix: +\S+ (config set .*)/.exec(output) ?? [];
  const fixed = await run("sh", ["-c", `scripts/pulumi ${fix}`], stack.environment());
  expect(fixed.exitCode, fixed.output).toBe(0);
  await expectUp(stack);
  await expectServes(stack, "1.5.1");
  const { api: [api = ""] = [] } = await stack.containers();
  const environment = await stack.docker.run(["inspect", "--format", "{{json .Config.Env}}", api]);
  expect(JSON.parse(environment)).toEqual(
    expect.arrayContaining(["GUILD_ID=1234567890123456789", "FEED_RELEASE=22.10"]) as string[],
  );
});

test.runIf(FULL)("a proxy that was removed by hand is made again, although a rejected container exists", async () => {
  await stack.configure({ version: "1.6.3", "images.console": `${CONSOLE}-broken` });
  await refused(/console is not healthy: it exited/);
  await stack.docker.run(["rm", "--force", caddy]);
  await stack.configure({ version: "1.5.1", "images.console": `${REGISTRY}/nestfleet/nestfleet-console` });
  await stack.configure({ allowSchemaAhead: "true" });
  await expectUp(stack, "--refresh");
  await expectSettled(stack, "1.5.1");
});

test("the plan names the port of the proxy if another program has taken it meanwhile", async () => {
  await stack.docker.run(["stop", caddy]);
  const server = createServer().listen(stack.httpPort, "127.0.0.1");
  try {
    await refused(/1 problem; nothing was touched[^]*port 18300 of the Docker host is taken/);
  } finally {
    server.close();
  }
  await expectUp(stack);
  await expectServes(stack, "1.5.1");
});

test("an api image without node is refused in the preview", async () => {
  // Without the long number, which only the CLI reads without rounding.
  const config = { version: "1.6.3", "images.api": `${API}-without-node`, env: undefined };
  expect(await refusalOf(stack, config)).toMatch(
    /the migrations of \S+api-of-install-without-node:1\.6\.3 cannot be read[^]*node/,
  );
});

test("an unexpected answer of Docker refuses a preview and a script, with the command and the answer", async () => {
  const docker = (await run("sh", ["-c", "command -v docker"])).output.trim();
  const sick = join(folder, "docker");
  const answer = "Error response from daemon: layer store is on fire";
  writeFileSync(sick, `#!/bin/sh\ncase " $* " in *" ps "*) echo "${answer}" >&2; exit 1;; esac\nexec ${docker} "$@"\n`);
  chmodSync(sick, 0o755);
  const environment = { ...stack.environment(), PATH: `${folder}:${process.env["PATH"] ?? ""}` };
  const [program = "", ...args] = stack.command("preview");
  const preview = await run(program, args, environment);
  const script = await run(
    "node",
    ["scripts/run.mjs", "backup"],
    environment,
    JSON.stringify({ dockerHost: stack.docker.host, stack: stack.name }),
  );
  for (const { exitCode, output } of [preview, script]) {
    expect(exitCode).not.toBe(0);
    expect(output).toMatch(/asked: +docker ps [^]*answered: Error response from daemon: layer store is on fire/);
    expect(output).toContain("Next: ");
    expectNoTrace(output);
  }
  expect(preview.output).toContain("Nothing was touched.");
});

describe("a release that accepts requests and does not answer them", () => {
  test("1.6.4, which never answers, is rejected as a candidate in time, and no user request fails", async () => {
    await stack.configure({
      env: undefined,
      rehearsal: REHEARSAL,
      "health.timeoutSeconds": String(TIMEOUT_SECONDS),
    });
    const { up, report } = await upUnderLoad(stack, "1.6.4");
    expect(up.exitCode, up.output).not.toBe(0);
    expect(up.output).toMatch(/1\.6\.4 is refused: \S+\/health gives no answer: no answer within 10 s/);
    expect(up.output).toMatch(/The requests always went to \S+ and \S+\./);
    expect(report.failed).toEqual([]);
    expect((await stack.history()).at(-1)).toMatchObject({ to: "1.6.4", verdict: "failed" });
    // The time includes backup, rehearsal and two starts. Without the limit of a check, the update would never end.
    expect(up.seconds).toBeLessThan(TIMEOUT_SECONDS + LIMIT_SECONDS + 90);
    expect(await stack.answeringVersion()).toBe("1.5.1");
  });

  test("1.6.5 stops answering when it gets user requests, and they go back to the old release", async () => {
    const { up, report } = await upUnderLoad(stack, "1.6.5");
    expect(up.exitCode, up.output).not.toBe(0);
    expect(up.output).toMatch(/requests go to \S*api/);
    expect(up.output).toMatch(/1\.6\.5 is refused: \S+ gives no answer: no answer within 10 s/);
    expect(up.output).toMatch(/The requests go to \S+ and \S+ again/);
    // These were sent while 1.6.5 received the requests. Later ones are answered by the old release.
    const hung = report.failed.map(({ at }) => at);
    expect(hung.length).toBeGreaterThan(0);
    expect((Math.max(...hung) - Math.min(...hung)) / 1000).toBeLessThan(BACK_SECONDS);
    expect(await stack.answeringVersion()).toBe("1.5.1");
  });
});

describe("releases that answer with the same constant", () => {
  test("are upgraded like any, with the setting that a refusal names, also during a flood of requests", async () => {
    await stack.configure({ version: "1.8.0", "health.version": "ignore" });
    const flood = new Flood(stack.httpPort);
    await expectUp(stack);
    expect(await flood.stop()).toBeGreaterThan(FLOOD_REQUESTS);
    expect(await stack.outputs()).toMatchObject({ release: "1.8.0", version: "0.1.0" });
    await expectServesOrSettled(stack, "0.1.0");
  });

  test("are warned about only when the answers are to be compared again", async () => {
    expect((await planned(stack, { version: "1.8.1" })).text).not.toContain("/health");
    const compared = await planned(stack, { version: "1.8.1", "health.version": "compare" });
    expect(compared.text).toContain("1.8.0 answered /health with the version 0.1.0");
  });
});

/** Replaces the release's image by one whose container prints a word and exits. */
async function broken(service: string, version: string, repository: string): Promise<void> {
  const reference = `${repository}:${version}`;
  own.push(reference);
  await stack.docker.run(
    ["build", "--force-rm", "--tag", reference, "-"],
    `FROM ${REGISTRY}/nestfleet/nestfleet-${service}:${version}\nENTRYPOINT ["sh", "-c", "echo no service today; exit 3"]`,
  );
}

async function tag(image: string, reference: string): Promise<void> {
  own.push(reference);
  await stack.docker.run(["tag", image, reference]);
}
