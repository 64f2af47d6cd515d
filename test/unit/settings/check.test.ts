import { describe, expect, test } from "vitest";
import { report } from "../../../components/settings/problem";
import { problems, settings } from "./checked";

describe("a bad value is reported with its path, the rule and the command that fixes it", () => {
  test.each<[Record<string, unknown>, string, string, string]>([
    [
      { version: "" },
      "nestfleet:version",
      "three numbers such as 1.5.0",
      "pulumi config set --stack prod nestfleet:version VERSION",
    ],
    [
      { version: "latest" },
      "nestfleet:version",
      "not a mutable tag",
      "pulumi config set --stack prod nestfleet:version VERSION",
    ],
    [
      { version: "1.5" },
      "nestfleet:version",
      "not a shortened number",
      "pulumi config set --stack prod nestfleet:version VERSION",
    ],
    [
      { version: "1.5.0; rm -rf /" },
      "nestfleet:version",
      "three numbers",
      "pulumi config set --stack prod nestfleet:version VERSION",
    ],
    [
      { version: "9".repeat(300) },
      "nestfleet:version",
      "at most 128",
      "pulumi config set --stack prod nestfleet:version VERSION",
    ],
    [
      { verson: "1.5.0" },
      "nestfleet:verson",
      "did you mean version?",
      "pulumi config rm --stack prod nestfleet:verson",
    ],
    [
      { domain: "https://x.example" },
      "nestfleet:domain",
      "a host name in lower case",
      "pulumi config set --stack prod nestfleet:domain DOMAIN",
    ],
    [
      { domain: "no_underscore.example" },
      "nestfleet:domain",
      "a host name",
      "pulumi config set --stack prod nestfleet:domain DOMAIN",
    ],
    [
      { http: "80" },
      "nestfleet:http",
      "an object with the keys bind, httpPort, httpsPort, tls",
      "pulumi config rm --stack prod nestfleet:http",
    ],
    [
      { http: { httpPort: 70000 } },
      "nestfleet:http.httpPort",
      "from 1 to 65535",
      "pulumi config set --stack prod --path 'nestfleet:http.httpPort' 80",
    ],
    [
      { http: { httpPort: 443 } },
      "nestfleet:http.httpsPort",
      "another port than httpPort",
      "pulumi config set --stack prod --path 'nestfleet:http.httpsPort' 443",
    ],
    [
      { http: { bind: "eth0" } },
      "nestfleet:http.bind",
      "an IP address",
      "pulumi config set --stack prod --path 'nestfleet:http.bind' BIND",
    ],
    [
      { backups: { keep: -1 } },
      "nestfleet:backups.keep",
      "from 1 to 1000",
      "pulumi config set --stack prod --path 'nestfleet:backups.keep' 7",
    ],
    [
      { backups: { keepReplacedDays: 366 } },
      "nestfleet:backups.keepReplacedDays",
      "a whole number of days from 1 to 365",
      "pulumi config set --stack prod --path 'nestfleet:backups.keepReplacedDays' 7",
    ],
    [
      { restore: "nestfleet_20261124_080000.pgdump" },
      "nestfleet:restore",
      "the id of a backup, as scripts/restore.sh --list shows it",
      "pulumi config rm --stack prod nestfleet:restore",
    ],
    [
      { restore: "20260231T080000Z-1.4.2" },
      "nestfleet:restore",
      "the id of a backup",
      "pulumi config rm --stack prod nestfleet:restore",
    ],
    [
      { confirmRestore: "yes please" },
      "nestfleet:confirmRestore",
      "1 to 64 letters, digits",
      "pulumi config set --stack prod nestfleet:confirmRestore CONFIRM-RESTORE",
    ],
    [
      { confirmRestore: "x".repeat(65) },
      "nestfleet:confirmRestore",
      "1 to 64 letters, digits",
      "pulumi config set --stack prod nestfleet:confirmRestore CONFIRM-RESTORE",
    ],
    [
      { backups: { kep: 3 } },
      "nestfleet:backups.kep",
      "did you mean keep?",
      "pulumi config rm --stack prod --path 'nestfleet:backups.kep'",
    ],
    [
      { backups: { volume: "v1", directory: "/x" } },
      "nestfleet:backups.directory",
      "not both",
      "pulumi config rm --stack prod --path 'nestfleet:backups.directory'",
    ],
    [
      { images: { api: "repo/api:1.0" } },
      "nestfleet:images.api",
      "without a tag",
      "pulumi config set --stack prod --path 'nestfleet:images.api' API",
    ],
    [
      { images: { redis: "redis:7" } },
      "nestfleet:images.redis",
      "a key of nestfleet:images (api, worker, console, postgres, caddy, digests)",
      "pulumi config rm --stack prod --path 'nestfleet:images.redis'",
    ],
    [
      { images: { digests: { api: "SHA256:abc" } } },
      "nestfleet:images.digests.api",
      "the digest of an image, sha256: and 64 hexadecimal digits in lower case",
      "pulumi config set --stack prod --path 'nestfleet:images.digests.api' API",
    ],
    [
      { images: { digests: { caddy: `sha256:${"a".repeat(64)}` } } },
      "nestfleet:images.digests.caddy",
      "a key of nestfleet:images.digests (api, worker, console)",
      "pulumi config rm --stack prod --path 'nestfleet:images.digests.caddy'",
    ],
    [
      { images: { digests: "sha256:abc" } },
      "nestfleet:images.digests",
      "an object with the keys api, worker, console",
      "pulumi config rm --stack prod --path 'nestfleet:images.digests'",
    ],
    [
      { images: { caddy: "caddy" } },
      "nestfleet:images.caddy",
      "with its tag or digest",
      "pulumi config set --stack prod --path 'nestfleet:images.caddy' CADDY",
    ],
    [
      { dockerHost: "tcp://10.0.0.1:2375" },
      "nestfleet:dockerHost",
      "unix:///path/to/docker.sock or ssh://user@host",
      "pulumi config set --stack prod nestfleet:dockerHost DOCKER-HOST",
    ],
    [
      { dockerHost: "ssh://-oProxyCommand=x" },
      "nestfleet:dockerHost",
      "ssh://user@host",
      "pulumi config set --stack prod nestfleet:dockerHost DOCKER-HOST",
    ],
    [
      { dockerHost: "ssh://root:secret@host" },
      "nestfleet:dockerHost",
      "ssh://user@host",
      "pulumi config set --stack prod nestfleet:dockerHost DOCKER-HOST",
    ],
    [
      { source: "--upload-pack=x" },
      "nestfleet:source",
      "a Git URL",
      "pulumi config set --stack prod nestfleet:source SOURCE",
    ],
    [
      { env: { DATABASE_URL: "x" } },
      "nestfleet:env.DATABASE_URL",
      "left to this program",
      "pulumi config rm --stack prod --path 'nestfleet:env.DATABASE_URL'",
    ],
    [
      { env: { lower: "x" } },
      "nestfleet:env.lower",
      "a name in upper case",
      "pulumi config rm --stack prod --path 'nestfleet:env.lower'",
    ],
    [
      { env: { ["__proto__"]: "x" } },
      "nestfleet:env.__proto__",
      "a name in upper case",
      "pulumi config rm --stack prod --path 'nestfleet:env.__proto__'",
    ],
    [
      { env: ["A=1"] },
      "nestfleet:env",
      "names of variables, each with its value",
      "pulumi config rm --stack prod nestfleet:env",
    ],
    [
      { http: { acme: { eabKeyId: "#1" } } },
      "nestfleet:http.acme.eabKeyId",
      "which does not begin with #",
      "pulumi config rm --stack prod --path 'nestfleet:http.acme.eabKeyId'",
    ],
    [
      { env: { A: { b: 1 } } },
      "nestfleet:env.A",
      "a string, number or boolean",
      "pulumi config rm --stack prod --path 'nestfleet:env.A'",
    ],
    [
      { resources: { api: { memory: "1" } } },
      "nestfleet:resources.api.memory",
      "such as 512MB or 2GB",
      "pulumi config set --stack prod --path 'nestfleet:resources.api.memory' MEMORY",
    ],
    [
      { resources: { api: { cpus: 0.05 } } },
      "nestfleet:resources.api.cpus",
      "not one that the Docker provider rounds",
      "pulumi config set --stack prod --path 'nestfleet:resources.api.cpus' 1.5",
    ],
    [
      { worker: { replicas: 1.5 } },
      "nestfleet:worker.replicas",
      "a whole number",
      "pulumi config set --stack prod --path 'nestfleet:worker.replicas' 1",
    ],
    [
      { health: { soakSeconds: "soon" } },
      "nestfleet:health.soakSeconds",
      "from 0 to 3600",
      "pulumi config set --stack prod --path 'nestfleet:health.soakSeconds' 30",
    ],
    [
      { migrateCommand: [] },
      "nestfleet:migrateCommand",
      "a list of words",
      "pulumi config rm --stack prod nestfleet:migrateCommand",
    ],
    [
      { secrets: { jwtSecret: "x".repeat(40) } },
      "nestfleet:secrets",
      "encrypted",
      "--secret --path 'nestfleet:secrets.NAME'",
    ],
  ])("%j", (config, path, rule, fix) => {
    const [problem, ...others] = problems(config);
    expect(others).toEqual([]);
    expect(problem?.path).toBe(path);
    expect(problem?.rule).toContain(rule);
    expect(problem?.fix).toContain(fix);
  });

  test("all problems come at once, in one report that says nothing was touched", () => {
    const bad = problems({ version: "latest", verson: "1", backups: { keep: 0 }, domain: "A" });
    const text = report(bad, "prod");
    expect(text).toMatch(
      /^4 problems in the configuration of stack prod \(Pulumi\.prod\.yaml\); nothing was touched\./,
    );
    for (const path of ["nestfleet:version", "nestfleet:verson", "nestfleet:backups.keep", "nestfleet:domain"])
      expect(text).toContain(path);
  });
});

describe("a secret is never shown", () => {
  test.each<[Record<string, unknown>, string[]]>([
    [{ secrets: { jwtSecret: "hunter2" } }, ["secrets"]],
    [{ secrets: { secretEncryptionKey: "hunter2" } }, ["secrets"]],
    [{ secretEnv: { INTERNAL_CRON_SECRET: "hunter2" } }, ["secretEnv"]],
    [{ env: { LLM_API_KEY: "hunter2" } }, []],
    [{ env: { lower_password: "hunter2" } }, []],
    [{ source: "https://user:hunter2@example.com/x.git" }, []],
    [{ secretenv: { CRON: "hunter2" } }, ["secretenv"]],
    [{ backups: { kep: "hunter2" } }, ["backups"]],
    [{ jwtSecret: "hunter2" }, []],
    [{ env: { SMTP: { password: "hunter2" } } }, []],
  ])("%j", (config, encrypted) => {
    const bad = problems(config, encrypted);
    expect(bad.length).toBeGreaterThan(0);
    expect(report(bad, "prod")).not.toContain("hunter2");
  });
});

describe("a good config", () => {
  test("needs the version only", () => {
    expect(settings({})).toEqual({
      version: { tag: "1.5.0", semver: "1.5.0" },
      domain: "localhost",
      images: {
        api: "ghcr.io/nestfleet/nestfleet-api",
        console: "ghcr.io/nestfleet/nestfleet-console",
        postgres: "pgvector/pgvector:pg16-bookworm",
        caddy: "caddy:2-alpine",
        digests: {},
      },
      dockerHost: "unix:///var/run/docker.sock",
      env: {},
      secretEnv: {},
      secrets: {},
      http: {
        bind: ["127.0.0.1"],
        httpPort: 80,
        httpsPort: 443,
        tls: "auto",
        acme: {},
        trustedProxies: [],
        hsts: "host",
        allowPlainHttp: false,
        limits: { bodySize: 50, readSeconds: 300, writeSeconds: 3600 },
      },
      postgres: { sharedBuffers: "128MB", parameters: {}, readOnly: true },
      resources: {
        api: { readOnly: true },
        worker: { readOnly: true },
        console: { readOnly: true },
        caddy: { readOnly: true },
      },
      worker: { enabled: true, replicas: 1 },
      backups: { keep: 7, acceptSmaller: false, keepReplacedDays: 7 },
      health: { soakSeconds: 30, timeoutSeconds: 300, version: "compare" },
      migrateCommand: ["node", "dist/infra/db/migrate.js"],
      rehearsal: "full",
      strategy: "auto",
      acknowledgeMajor: "",
      requiredStops: [],
      allowSchemaAhead: false,
      allowMovingTag: false,
    });
  });

  test("is made canonical", () => {
    const { env, resources, version } = settings({
      version: "v2.0.0",
      env: { REGISTRATION_ENABLED: false, LOG_LEVEL: "debug", EMBEDDING_DIMENSIONS: 3 },
      resources: { api: { memory: "2g", cpus: 0.5 } },
    });
    expect(version.tag).toBe("2.0.0");
    expect(env).toEqual({ REGISTRATION_ENABLED: "false", LOG_LEVEL: "debug", EMBEDDING_DIMENSIONS: "3" });
    expect(resources.api).toEqual({ memory: 2048, cpus: 0.5, readOnly: true });
  });

  test("may name what is to be restored, and why; empty is neither", () => {
    const asked = { restore: "20261124T080000Z-1.4.2", confirmRestore: "2026" };
    expect(settings(asked)).toMatchObject(asked);
    expect(settings({ restore: "", confirmRestore: "" })).toMatchObject({
      restore: undefined,
      confirmRestore: undefined,
    });
  });

  test("may name a moving tag when that is allowed", () => {
    expect(settings({ version: "latest", allowMovingTag: true }).version).toEqual({ tag: "latest" });
  });

  test("keeps a version as it was typed, where YAML and JSON would make a number of it", () => {
    expect(problems({ version: "1.50" })[0]?.value).toBe('"1.50"');
  });
});
