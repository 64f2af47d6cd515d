import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { DockerClient } from "../../components/host/docker/client";
import type { DockerError } from "../../components/host/docker/errors";
import { PROCESSES } from "../../components/host/docker/hardening";
import { createInterim } from "../../components/operations/restore/interim";
import { expectNoChange, expectServes, expectServesOrSettled, expectUp, upUnderLoad } from "../support/expectations";
import { planned, refusalOf } from "../support/planned";
import { FULL } from "../support/scale";
import { run, TestStack } from "../support/stack";

/**
 * Volumes and secrets are protected. One that the configuration no longer uses stays declared: otherwise updates fail.
 */
const stack = new TestStack("test-protected", 18302);
const name = "nestfleet-test-protected";
const directory = mkdtempSync(join(tmpdir(), "nestfleet-protected-"));
const GIVEN = {
  "secrets.postgresPassword": "given-postgres-password",
  "secrets.jwtSecret": "given-jwt-secret-of-more-than-32-characters",
  "secrets.secretEncryptionKey": "0123456789abcdef".repeat(4),
  "secretEnv.INTERNAL_CRON_SECRET": "given-cron-secret-of-more-than-32-characters",
};

beforeAll(async () => {
  await stack.create({ version: "1.4.2", "health.soakSeconds": "0" });
  await expectUp(stack);
});

afterAll(async () => {
  await stack.dispose();
  rmSync(directory, { recursive: true });
});

async function environment(): Promise<Record<string, string>> {
  const { api: [api = ""] = [] } = await stack.containers();
  const printed = await stack.docker.run(["inspect", "--format", "{{json .Config.Env}}", api]);
  return Object.fromEntries(
    (JSON.parse(printed) as string[]).map((entry) => entry.split(/=(.*)/s) as [string, string]),
  );
}

async function setPassword(role: string, password: string): Promise<void> {
  await stack.sql(`ALTER ROLE ${role} PASSWORD '${password}'`);
}

async function backups(): Promise<string[]> {
  const listed = await stack.docker.run(["exec", `${name}-postgres`, "ls", "/backups"]);
  return listed.split("\n").filter((file) => file.endsWith(".dump"));
}

async function takeBackup(): Promise<void> {
  const request = JSON.stringify({ dockerHost: stack.docker.host, stack: stack.name });
  const taken = await run("node", ["scripts/run.mjs", "backup"], process.env, request);
  expect(taken.exitCode, taken.output).toBe(0);
}

function base64(hexadecimal: string): string {
  return Buffer.from(hexadecimal, "hex").toString("base64");
}

/** Changes the state into one that has the key as random bytes, whose resource id is the value. */
async function asOlderProgram(key: string): Promise<void> {
  const now = `random:index/randomPassword:RandomPassword::${name}-encryption-key`;
  const before = `random:index/randomBytes:RandomBytes::${name}-secret-encryption-key`;
  await stack.rewriteState((resources) => {
    const renamed = JSON.parse(JSON.stringify(resources).replaceAll(now, before)) as typeof resources;
    return renamed.map((resource) =>
      resource.urn.endsWith(before)
        ? {
            ...resource,
            type: "random:index/randomBytes:RandomBytes",
            id: base64(key),
            inputs: { __defaults: [], length: 32 },
            outputs: { base64: base64(key), hex: key, length: 32 },
            additionalSecretOutputs: ["base64", "hex"],
          }
        : resource,
    );
  });
  expect(stack.state()).toContain(base64(key));
}

/** Removes the signatures of the backups, as if an older program had written them. */
async function asUnsigned(): Promise<void> {
  const inside = ["exec", "-i", `${name}-postgres`, "sh", "-euc"];
  for (const dump of await backups()) {
    const file = `/backups/${dump.replace(/dump$/, "json")}`;
    const read = await stack.docker.run([...inside, 'cat "$1"', "-", file]);
    const { signature, ...manifest } = JSON.parse(read) as { signature: string };
    expect(signature).toMatch(/^[0-9a-f]{64}$/);
    await stack.docker.run([...inside, 'cat >"$1"', "-", file], JSON.stringify(manifest));
  }
}

/** A docker client that describes an api as an older program has made it. */
class Older extends DockerClient {
  public override async inspect(name: string, type?: "image"): Promise<unknown> {
    return JSON.parse(JSON.stringify(await super.inspect(name, type)).replaceAll("//nestfleet_app:", "//nestfleet:"));
  }
}

/**
 * Changes host and state into those of an older program, whose api and worker were the superuser, who owned everything.
 */
async function asSuperuserProgram(): Promise<void> {
  const { api = [], worker = [] } = await stack.containers();
  const password = /:\/\/nestfleet_app:([^@]+)@/.exec(generated["DATABASE_URL"] ?? "")?.[1] ?? "";
  await setPassword("nestfleet", password);
  const remade = new Map<string, string>();
  for (const id of [...api, ...worker]) {
    const format = "{{.Name}} {{.Image}}";
    const [path = "", imageId = ""] = (await stack.docker.run(["inspect", "--format", format, id])).trim().split(" ");
    const own = path.slice(1);
    await createInterim(new Older(stack.docker.host), { name: `${own}-older`, like: id, imageId, version: "1.4.2" });
    await stack.docker.run(["rm", "--force", id]);
    await stack.docker.run(["rename", `${own}-older`, own]);
    await stack.docker.run(["start", own]);
    remade.set(id, (await stack.docker.run(["inspect", "--format", "{{.Id}}", own])).trim());
  }
  await stack.sql(`
    ALTER DATABASE nestfleet OWNER TO nestfleet; REASSIGN OWNED BY nestfleet_app TO nestfleet;
    DROP OWNED BY nestfleet_app; DROP ROLE nestfleet_app; GRANT CONNECT ON DATABASE postgres, template1 TO PUBLIC`);
  await stack.rewriteState((resources) =>
    resources.map((resource) => {
      const id = remade.get(resource.id ?? "");
      if (id === undefined) return resource;
      const text = JSON.stringify(resource)
        .replaceAll("//nestfleet_app:", "//nestfleet:")
        .replaceAll(resource.id ?? "", id);
      return JSON.parse(text) as typeof resource;
    }),
  );
}

/** Runs a statement with the application's connection. Gives the answer, or the server's refusal. */
async function asApplication(sql: string): Promise<string> {
  const { postgres: [postgres = ""] = [] } = await stack.containers();
  const connect = 'IFS= read -r url; exec psql -qAt "$url" -c "$1"';
  const url = (await environment())["DATABASE_URL"] ?? "";
  return stack.docker.run(["exec", "-i", postgres, "sh", "-c", connect, "-", sql], `${url}\n`).then(
    (answer) => answer.trim(),
    (error: unknown) => (error as DockerError).stderr,
  );
}

/** Changes host and state into those of an older program with one network, and with a key that the state has lost. */
async function asOneNetworkProgram(): Promise<void> {
  const { postgres = [], api = [], worker = [] } = await stack.containers();
  const [front, back] = await networks();
  await stack.docker.run(["network", "connect", "--alias", "postgres", front, ...postgres]);
  for (const container of [...postgres, ...api, ...worker])
    await stack.docker.run(["network", "disconnect", back, container]);
  await stack.docker.run(["network", "rm", back]);
  const isNew = (urn: string) =>
    /::nestfleet-test-protected-(?:back|postgres-hold|postgres-reopen|backup-key|signatures|application-role)$/.test(
      urn,
    );
  // The provider's notes on its own form of the state do not fit another form, and are not needed.
  const onlyFront = (properties: Record<string, unknown> = {}, aliases: string[]) =>
    "networksAdvanced" in properties
      ? { ...properties, networksAdvanced: [{ aliases, name: front }], __pulumi_raw_state_delta: undefined }
      : properties;
  await stack.rewriteState((resources) =>
    resources
      .filter(({ urn }) => !isNew(urn))
      .map((resource) => {
        const { urn, dependencies = [], propertyDependencies = {}, inputs, outputs } = resource;
        const works = [...postgres, ...api, ...worker].includes(resource.id ?? "");
        const aliases = urn.endsWith("-postgres") ? ["postgres"] : [];
        return {
          ...resource,
          dependencies: dependencies.filter((one) => !isNew(one)),
          propertyDependencies: Object.fromEntries(
            Object.entries(propertyDependencies).map(([key, urns]) => [key, (urns ?? []).filter((one) => !isNew(one))]),
          ),
          ...(works && { inputs: onlyFront(inputs, aliases), outputs: onlyFront(outputs, aliases) }),
        };
      }),
  );
}

/** The stack's two networks: the one that leads to the internet, and the database's. */
async function networks(): Promise<[string, string]> {
  const listed = await stack.docker.run(["network", "ls", "--filter", `name=${name}`, "--format", "{{.Name}}"]);
  const [back = "", front = ""] = listed
    .trim()
    .split("\n")
    .sort((one) => (one.startsWith(`${name}-back-`) ? -1 : 1));
  return [front, back];
}

/** Connects from a container to a port of another one. Gives the result within three seconds. */
async function reached(from: string, host: string, port: number): Promise<string> {
  const attempt = `
    const socket = require("node:net").connect(${port}, "${host}");
    const end = (what) => { console.log(what); process.exit(); };
    socket.on("connect", () => end("reached")).on("error", ({ code }) => end(code));
    setTimeout(() => end("no answer"), 3000);`;
  return (await stack.docker.run(["exec", from, "node", "-e", attempt])).trim();
}

/** For each network of a container, whether Docker isolates it from other networks. */
async function closedNetworks(container: string): Promise<string[]> {
  const names = "{{range $name, $_ := .NetworkSettings.Networks}}{{$name}} {{end}}";
  const listed = (await stack.docker.run(["inspect", "--format", names, container])).trim().split(" ");
  const closed = await stack.docker.run(["network", "inspect", "--format", "{{.Internal}}", ...listed]);
  return closed.trim().split("\n").sort();
}

let generated: Record<string, string> = {};

test("the secrets of internal calls and of mail are generated, as the others are", async () => {
  generated = await environment();
  for (const variable of ["JWT_SECRET", "INTERNAL_CRON_SECRET", "EMAIL_WEBHOOK_SECRET"])
    expect(generated[variable], variable).toMatch(/^[A-Za-z0-9]{64}$/);
  const { SECRET_ENCRYPTION_KEY: key = "" } = generated;
  expect(key).toMatch(/^[0-9a-f]{64}$/);
  const password = /:\/\/nestfleet_app:([^@]+)@/.exec(generated["DATABASE_URL"] ?? "")?.[1] ?? "";
  const secrets = [password, key, generated["JWT_SECRET"] ?? "", generated["INTERNAL_CRON_SECRET"] ?? ""];
  for (const secret of [...secrets, base64(key)]) expect(stack.state()).not.toContain(secret);
  expect(generated).not.toHaveProperty("NESTFLEET_BACKUP_KEY");
});

test("with an encryption key that an older program has made, nothing is replaced", async () => {
  await asOlderProgram(generated["SECRET_ENCRYPTION_KEY"] ?? "");
  await expectNoChange(stack);
});

test("a stack of an older program gets its networks and its role under load: no request fails, data, backups and keys are kept", async () => {
  const volumes = await stack.volumes();
  await takeBackup();
  await asUnsigned();
  await asSuperuserProgram();
  await asOneNetworkProgram();
  expect(await asApplication("SELECT current_user, rolsuper FROM pg_roles WHERE rolname = current_user")).toBe(
    "nestfleet|t",
  );
  const { changes, summary } = await stack.previewed();
  expect(changes).toEqual(
    expect.arrayContaining([`create ${name}-back`, `replace ${name}-postgres`, `replace ${name}-api`]),
  );
  expect(changes).toEqual(expect.arrayContaining([`create ${name}-backup-key`, `create ${name}-signatures`]));
  expect(changes).not.toContainEqual(expect.stringMatching(/console|caddy/));
  expect(summary).toContain("1 backup is not signed by this stack and does not count");
  expect(summary).toMatch(/postgres leaves the network nestfleet-test-protected-\w+ for a network of its own/);
  expect(summary).toContain("requests wait for some seconds while postgres restarts");
  expect(summary).toMatch(/the application works as nestfleet_app, which is not a superuser .* \(\d+ objects\)/);
  const { up, report } = await upUnderLoad(stack);
  expect(up.exitCode, up.output).toBe(0);
  expect(up.output).toContain("requests are held while postgres is replaced");
  expect(up.output).toContain("signed 1 backup from before this stack had a key");
  expect(up.output).toMatch(/\d+ objects in nestfleet belong to nestfleet_app now/);
  expect(up.output).toContain("the role nestfleet has no password any more");
  expect(report.failed).toEqual([]);
  expect(await stack.volumes()).toEqual(volumes);
  expect(await environment()).toEqual(generated);
  expect((await planned(stack)).text).not.toContain("not signed");
  await expectNoChange(stack);
  await expectServes(stack, "1.4.2");
});

test("the application is not a superuser: it can use its own database, and neither the server nor another database", async () => {
  expect(await asApplication("SELECT current_user, rolsuper FROM pg_roles WHERE rolname = current_user")).toBe(
    "nestfleet_app|f",
  );
  expect(await asApplication("COPY (SELECT 1) TO PROGRAM 'true'")).toContain(
    "permission denied to COPY to or from an external program",
  );
  expect(await asApplication("CREATE DATABASE other")).toContain("permission denied to create database");
  expect(await asApplication("SET ROLE nestfleet")).toContain("permission denied to set role");
  expect(
    await asApplication("CREATE EXTENSION hstore; DROP EXTENSION hstore; CREATE SCHEMA own; DROP SCHEMA own"),
  ).toBe("");
  expect(await asApplication("\\connect postgres")).toContain('permission denied for database "postgres"');
  const others =
    "SELECT count(*) FROM pg_class WHERE relkind IN ('r', 'v', 'S') AND relowner = 10 AND relnamespace::regnamespace::text !~ '^pg_|^information'";
  expect(await stack.sql(others)).toBe("0");
});

test("the console cannot reach the database, and the database can reach only its own network", async () => {
  const {
    postgres: [postgres = ""] = [],
    api: [api = ""] = [],
    console: [console = ""] = [],
  } = await stack.containers();
  const address = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}";
  const database = (await stack.docker.run(["inspect", "--format", address, postgres])).trim();
  expect(await reached(api, "postgres", 5432)).toBe("reached");
  expect(await reached(console, "postgres", 5432)).toBe("ENOTFOUND");
  expect(await reached(console, database, 5432)).toMatch(/^(?:no answer|EHOSTUNREACH|ENETUNREACH)$/);
  expect(await closedNetworks(postgres)).toEqual(["true"]);
  expect(await closedNetworks(api)).toEqual(["false", "true"]);
  expect(await closedNetworks(console)).toEqual(["false"]);
});

test("no container has more than it needs", async () => {
  const containers = await stack.containers();
  const format = "{{.HostConfig.ReadonlyRootfs}} {{json .HostConfig.PidsLimit}} {{json .HostConfig.Ulimits}}";
  for (const [role, [id = ""] = []] of Object.entries(containers)) {
    const rules = (await stack.docker.run(["inspect", "--format", format, id])).trim();
    expect(rules, role).toBe(`true ${PROCESSES} [{"Name":"core","Hard":0,"Soft":0}]`);
    const status = await stack.docker.run(["exec", id, "cat", "/proc/1/status"]);
    expect(status, role).toMatch(/^NoNewPrivs:\t1$/m);
    expect(status, role).toMatch(/^Seccomp:\t2$/m);
    const written = "echo 1 >/tmp/x && ! echo 1 2>/dev/null >/x && echo as it should be";
    expect(await stack.docker.run(["exec", id, "sh", "-c", written]), role).toBe("as it should be\n");
    const ofRoot = async () => {
      const [, ...processes] = (await stack.docker.run(["top", id, "-o", "pid,uid,comm"])).trim().split("\n");
      return processes.flatMap((line) => /^\d+\s+0\s+(\S+)/.exec(line.trim())?.[1] ?? []);
    };
    // Docker's own init runs as the entrypoint's user. The proxy's volumes belong to root since earlier versions. A shell
    // of this test's own client stays for some seconds.
    const expected = { postgres: ["docker-init"], caddy: ["caddy"] }[role] ?? [];
    await vi.waitFor(
      async () => {
        expect(await ofRoot(), role).toEqual(expected);
      },
      { timeout: 20_000, interval: 1000 },
    );
  }
});

test("backups move to a directory, and every secret is configured later: nothing is lost, and the plan names the old place", async () => {
  const [old = ""] = await backups();
  await stack.configure({ "backups.directory": directory });
  await stack.give(GIVEN);
  const refused = await stack.try("preview");
  expect(refused.exitCode).not.toBe(0);
  expect(refused.output).toMatch(
    /1 problem;[^]*the database rejects the password in nestfleet:secrets\.postgresPassword/,
  );
  // An operator may change the superuser's password by mistake. The update sets it for the application's role, too.
  await setPassword("nestfleet", GIVEN["secrets.postgresPassword"]);

  const { changes, summary } = await stack.previewed();
  expect(summary).toMatch(new RegExp(`backups move from the volume ${name}-backups to the directory ${directory};`));
  expect(summary).toMatch(/1 backup stays there, the newest \S+-1\.4\.2/);
  expect(summary).toContain(
    "secrets.jwtSecret differs from the value that the running release has: every session ends",
  );
  expect(summary).toContain("secrets.secretEncryptionKey differs from");
  expect(changes.filter((change) => change.startsWith("delete"))).toEqual([]);
  const up = await expectUp(stack);
  expect(up.changed, up.output).toEqual(changes);
  await expectServesOrSettled(stack, "1.4.2");
  expect(await environment()).toMatchObject({
    JWT_SECRET: GIVEN["secrets.jwtSecret"],
    INTERNAL_CRON_SECRET: GIVEN["secretEnv.INTERNAL_CRON_SECRET"],
    EMAIL_WEBHOOK_SECRET: generated["EMAIL_WEBHOOK_SECRET"],
  });
  expect((await stack.outputs())["backups"]).toEqual({ directory, keep: 7, before: { volume: `${name}-backups` } });

  expect(await backups()).toEqual([]);
  const [, copy = ""] = /to copy them: (docker run .*)/.exec(summary) ?? [];
  const copied = await run("sh", ["-c", copy]);
  expect(copied.exitCode, copied.output).toBe(0);
  expect(await backups()).toEqual([old]);
  expect(readdirSync(directory)).toContain(old);
});

test("back again: the generated secrets would apply, so the database must have their password", async () => {
  await stack.unset("backups.directory", ...Object.keys(GIVEN));
  expect(await refusalOf(stack, {})).toMatch(
    /1 problem;[^]*the password that was generated for this stack would be used, and it is not/,
  );
  await setPassword("nestfleet_app", /:\/\/nestfleet_app:([^@]+)@/.exec(generated["DATABASE_URL"] ?? "")?.[1] ?? "");
  const { refused, text } = await planned(stack);
  expect(refused, text).toBe(false);
  expect(text).toMatch(/secrets\.jwtSecret is not set any more, and the value that was generated [^:]* is used/);
});

test("with another volume for the database, the stack's own volume and backups are in their places", async () => {
  const other = `${name}-other`;
  await stack.docker.run(["stop", `${name}-postgres`]);
  await stack.docker.run(["rm", `${name}-postgres`]);
  const copy = ["-v", `${name}-postgres:/from:ro`, "-v", `${other}:/to`, "127.0.0.1:5055/postgres:17", "-a", "/from/."];
  await stack.docker.run(["run", "--rm", "--entrypoint", "cp", ...copy, "/to/"]);
  await stack.configure({ "postgres.existingVolume": other });
  await stack.give({ "secrets.secretEncryptionKey": generated["SECRET_ENCRYPTION_KEY"] ?? "" });
  await expectUp(stack, "--refresh");
  await expectServesOrSettled(stack, "1.4.2");
  expect(await stack.volumes()).toEqual(expect.arrayContaining([other, `${name}-postgres`]));
  expect(await environment()).toEqual(generated);
  expect(await backups()).toHaveLength(1);
  for (const secret of Object.values(GIVEN)) expect(stack.said).not.toContain(secret);
});

test("the plan warns of an adopted database that accepts connections without a password", async () => {
  const method = async (before: string, after: string) => {
    const file = await stack.sql("SHOW hba_file");
    await stack.docker.run(["exec", `${name}-postgres`, "sed", "-i", `s/${before}$/${after}/`, file]);
    await stack.sql("SELECT pg_reload_conf()");
  };
  // The key, which is in the state, too, is encrypted in the file. Only the CLI can read it there.
  const plannedWithoutKey = () => planned(stack, { secrets: undefined });
  const warning = "the database asks for no password";
  expect((await plannedWithoutKey()).text).not.toContain(warning);
  await method("scram-sha-256", "trust # all");
  expect((await plannedWithoutKey()).text).toContain(warning);
  await method("trust # all", "scram-sha-256");
});

test("a key that is in the state in plain text is removed from the state, and the containers keep it", async () => {
  const key = generated["SECRET_ENCRYPTION_KEY"] ?? "";
  const { output } = await stack.pulumi("stack", "--show-urns");
  const urn = /urn:\S+::\S+-secret-encryption-key/.exec(output)?.[0] ?? "";
  await stack.pulumi("state", "delete", "--force", "--yes", urn);
  expect(await stack.preview("--refresh")).toEqual([]);
  expect((await environment())["SECRET_ENCRYPTION_KEY"]).toBe(key);
  expect(stack.state()).not.toContain(base64(key));
});

test("a stack that was renamed is refused in preview and update, and goes on under its old name", async () => {
  const renamed = `${stack.name}-2`;
  const as = (...args: string[]) =>
    run("scripts/pulumi", ["--non-interactive", ...args, "--stack", renamed], stack.environment());
  await stack.pulumi("stack", "rename", renamed);
  try {
    for (const args of [["preview"], ["up", "--yes", "--skip-preview"]]) {
      const refused = await as(...args);
      expect(refused.exitCode).not.toBe(0);
      expect(refused.output).toContain(
        `Next: scripts/pulumi stack rename ${stack.name} --stack ${renamed}; then go on with --stack ${stack.name}.`,
      );
    }
    expect(await stack.answeringVersion()).toBe("1.4.2");
  } finally {
    await as("stack", "rename", stack.name);
  }
  if (FULL) await expectNoChange(stack);
});
