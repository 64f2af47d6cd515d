import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { type Registered, registered, requestOf } from "../support/program";
import { isSecret } from "../support/secret";

const names = (resources: Registered[]) =>
  resources.map(({ type, name }) => `${type.split(":").at(-1)} ${name}`).sort();
const container = (resources: Registered[], name: string) =>
  resources.find((resource) => resource.type.endsWith(":Container") && resource.name === name)?.inputs ?? {};

describe("a stack with nothing but a version", async () => {
  const resources = await registered({ version: "1.5.0" });

  test("registers exactly these resources", () => {
    expect(names(resources)).toEqual([
      "Api nestfleet-test-api",
      "Backup nestfleet-test-backup",
      "Caddy nestfleet-test-caddy",
      "Command nestfleet-test-api-gate",
      "Command nestfleet-test-application-role",
      "Command nestfleet-test-backup",
      "Command nestfleet-test-caddy-gate",
      "Command nestfleet-test-caddyfile",
      "Command nestfleet-test-collations",
      "Command nestfleet-test-console-gate",
      "Command nestfleet-test-cutover",
      "Command nestfleet-test-postgres-gate",
      "Command nestfleet-test-postgres-hold",
      "Command nestfleet-test-postgres-reopen",
      "Command nestfleet-test-rehearsal",
      "Command nestfleet-test-signatures",
      "Command nestfleet-test-verdict",
      "Command nestfleet-test-worker-1-gate",
      "Command nestfleet-test-writers",
      "Console nestfleet-test-console",
      "Container nestfleet-test-api",
      "Container nestfleet-test-caddy",
      "Container nestfleet-test-console",
      "Container nestfleet-test-postgres",
      "Container nestfleet-test-worker-1",
      "Images nestfleet-test-images",
      "NestFleet nestfleet-test",
      "Network nestfleet-test",
      "Network nestfleet-test-back",
      "Networks nestfleet-test-networks",
      "Postgres nestfleet-test-postgres",
      "RandomPassword nestfleet-test-backup-key",
      "RandomPassword nestfleet-test-email-webhook-secret",
      "RandomPassword nestfleet-test-encryption-key",
      "RandomPassword nestfleet-test-internal-cron-secret",
      "RandomPassword nestfleet-test-jwt-secret",
      "RandomPassword nestfleet-test-postgres-password",
      "RemoteImage nestfleet-test-api",
      "RemoteImage nestfleet-test-caddy",
      "RemoteImage nestfleet-test-console",
      "RemoteImage nestfleet-test-postgres",
      "Secrets nestfleet-test-secrets",
      "Volume nestfleet-test-backups",
      "Volume nestfleet-test-caddy-config",
      "Volume nestfleet-test-caddy-data",
      "Volume nestfleet-test-postgres",
      "Worker nestfleet-test-worker-1",
      "docker nestfleet-test",
    ]);
  });

  test("pulls the published images at the version, the worker's is the api's", () => {
    const pulled = resources.filter(({ type }) => type.endsWith(":RemoteImage")).map(({ inputs }) => inputs["name"]);
    expect(pulled).toEqual([
      "ghcr.io/nestfleet/nestfleet-api:1.5.0",
      "ghcr.io/nestfleet/nestfleet-console:1.5.0",
      "pgvector/pgvector:pg16-bookworm",
      "caddy:2-alpine",
    ]);
    expect(container(resources, "nestfleet-test-worker-1")["image"]).toBe("sha256:nestfleet-test-api");
  });

  test("only the database's container has the key that signs the backups, and no script's input contains it", () => {
    const made = resources.find(({ name }) => name === "nestfleet-test-backup-key")?.inputs;
    expect(made).toMatchObject({ length: 64, special: false });
    const key = "generated-nestfleet-test-backup-key";
    const { envs } = container(resources, "nestfleet-test-postgres");
    expect(envs).toContain(`NESTFLEET_BACKUP_KEY=${key}`);
    const told = resources.filter(({ inputs }) => JSON.stringify(inputs).includes(key)).map(({ name }) => name);
    expect(told).toEqual(["nestfleet-test-postgres"]);
    const signing = resources.find(({ name }) => name === "nestfleet-test-signatures");
    expect(signing && requestOf(signing)).toEqual({
      dockerHost: "unix:///var/run/docker.sock",
      postgres: "nestfleet-test-postgres",
      key: createHash("sha256").update(key).digest("hex"),
    });
  });

  test("only caddy publishes ports", () => {
    const published = resources.filter(({ inputs }) => Array.isArray(inputs["ports"]) && inputs["ports"].length > 0);
    expect(published.map(({ name }) => name)).toEqual(["nestfleet-test-caddy"]);
  });

  test("two networks: the database's own is internal, and only api and worker are on both", () => {
    const networks = resources.filter(({ type }) => type.endsWith(":Network"));
    expect(networks.map(({ name, inputs }) => [name, inputs["internal"]])).toEqual([
      ["nestfleet-test", undefined],
      ["nestfleet-test-back", true],
    ]);
    const on = (role: string) => container(resources, `nestfleet-test-${role}`)["networksAdvanced"];
    const [front, back] = ["nestfleet-test", "nestfleet-test-back"].map((name) => ({ name, aliases: [] as string[] }));
    expect(on("postgres")).toEqual([{ ...back, aliases: ["postgres"] }]);
    for (const role of ["api", "worker-1"]) expect(on(role)).toEqual([front, back]);
    expect(on("console")).toEqual([front]);
    expect(on("caddy")).toEqual([{ ...front, aliases: ["api"] }]);
  });

  test("every container has the options that all services have in common", () => {
    const containers = resources.filter(({ type }) => type.endsWith(":Container"));
    expect(containers).toHaveLength(5);
    for (const { inputs } of containers) {
      expect(inputs).toMatchObject({
        restart: "unless-stopped",
        logDriver: "json-file",
        logOpts: { "max-size": "10m", "max-file": "3" },
        securityOpts: ["no-new-privileges"],
        capabilities: { drops: ["ALL"] },
        ulimits: [{ name: "core", soft: 0, hard: 0 }],
        readOnly: true,
        tmpfs: { "/tmp": "size=1g" },
        wait: false,
      });
      expect(inputs["destroyGraceSeconds"]).toBe(inputs["stopTimeout"]);
      expect(inputs["destroyGraceSeconds"]).toBeGreaterThanOrEqual(15);
    }
  });

  test("the labels say stack, role and version; postgres and caddy carry versions of their own", () => {
    const labels = Object.fromEntries(
      ["api", "postgres", "caddy"].map((role) => [role, container(resources, `nestfleet-test-${role}`)["labels"]]),
    );
    const of = (role: string, version: string) => [
      { label: "org.nestfleet.stack", value: "test" },
      { label: "org.nestfleet.role", value: role },
      { label: "org.nestfleet.version", value: version },
    ];
    expect(labels).toEqual({
      api: of("api", "1.5.0"),
      postgres: of("postgres", "pgvector/pgvector:pg16-bookworm"),
      caddy: of("caddy", "caddy:2-alpine"),
    });
  });
});

describe("what config changes", () => {
  test("readOnly false gives a service a root file system that it can write to", async () => {
    const given = { resources: { console: { readOnly: false } }, postgres: { readOnly: false } };
    const resources = await registered({ version: "1.5.0", ...given });
    const written = ["api", "worker-1", "console", "caddy", "postgres"].filter((role) => {
      const { readOnly, tmpfs } = container(resources, `nestfleet-test-${role}`);
      expect(readOnly === undefined).toBe(tmpfs === undefined);
      return readOnly === undefined;
    });
    expect(written).toEqual(["console", "postgres"]);
  });

  test("an existing volume is mounted, and no volume for data is made", async () => {
    const resources = await registered({ version: "1.5.0", postgres: { existingVolume: "nestfleet_pgdata" } });
    expect(names(resources)).not.toContain("Volume nestfleet-test-postgres");
    expect(container(resources, "nestfleet-test-postgres")["mounts"]).toEqual([
      { type: "volume", source: "nestfleet_pgdata", target: "/var/lib/postgresql/data" },
      { type: "volume", source: "nestfleet-test-backups", target: "/backups" },
    ]);
  });

  test("a backup directory is bound, and no volume for backups is made", async () => {
    const resources = await registered({ version: "1.5.0", backups: { directory: "/srv/backups" } });
    expect(names(resources)).not.toContain("Volume nestfleet-test-backups");
    expect(container(resources, "nestfleet-test-postgres")["mounts"]).toContainEqual({
      type: "bind",
      source: "/srv/backups",
      target: "/backups",
    });
  });

  test("secrets in the configuration are used, and none is generated for them; the key of the backups cannot be configured", async () => {
    const secrets = { postgresPassword: "p@ss/word", jwtSecret: "j".repeat(32), secretEncryptionKey: "0".repeat(64) };
    const secretEnv = { INTERNAL_CRON_SECRET: "c".repeat(32), EMAIL_WEBHOOK_SECRET: "" };
    const resources = await registered({ version: "1.5.0", secrets, secretEnv });
    expect(names(resources).filter((name) => name.startsWith("Random"))).toEqual([
      "RandomPassword nestfleet-test-backup-key",
    ]);
    const { envs } = container(resources, "nestfleet-test-api");
    expect(isSecret(envs)).toBe(true);
    expect((envs as { value: string[] }).value).toEqual([
      "NODE_ENV=production",
      "PORT=3001",
      "CONSOLE_ORIGIN=http://localhost",
      "DATABASE_URL=postgres://nestfleet_app:p%40ss%2Fword@postgres:5432/nestfleet",
      `JWT_SECRET=${"j".repeat(32)}`,
      `SECRET_ENCRYPTION_KEY=${"0".repeat(64)}`,
      `INTERNAL_CRON_SECRET=${"c".repeat(32)}`,
      "EMAIL_WEBHOOK_SECRET=",
    ]);
  });

  test("protected resources in the state stay declared, also if the configuration names something else", async () => {
    const inState = [
      "nestfleet-test-jwt-secret",
      "nestfleet-test-internal-cron-secret",
      "nestfleet-test-secret-encryption-key",
      "nestfleet-test-backups",
      "nestfleet-test-postgres",
    ];
    const config = {
      version: "1.5.0",
      secrets: { jwtSecret: "j".repeat(32) },
      secretEnv: { INTERNAL_CRON_SECRET: "c".repeat(32) },
      backups: { directory: "/srv/backups" },
      postgres: { existingVolume: "nestfleet_pgdata" },
    };
    const resources = await registered(config, { unreachable: "mocks" }, { inState });
    const kinds = ["RandomPassword", "RandomBytes", "Volume"];
    expect(names(resources).filter((name) => kinds.includes(name.split(" ")[0] ?? ""))).toEqual([
      "RandomBytes nestfleet-test-secret-encryption-key",
      "RandomPassword nestfleet-test-backup-key",
      "RandomPassword nestfleet-test-email-webhook-secret",
      "RandomPassword nestfleet-test-internal-cron-secret",
      "RandomPassword nestfleet-test-jwt-secret",
      "RandomPassword nestfleet-test-postgres-password",
      "Volume nestfleet-test-backups",
      "Volume nestfleet-test-caddy-config",
      "Volume nestfleet-test-caddy-data",
      "Volume nestfleet-test-postgres",
    ]);
    expect((container(resources, "nestfleet-test-api")["envs"] as { value: string[] }).value).toContain(
      `JWT_SECRET=${"j".repeat(32)}`,
    );
    expect(container(resources, "nestfleet-test-postgres")["mounts"]).toEqual([
      { type: "volume", source: "nestfleet_pgdata", target: "/var/lib/postgresql/data" },
      { type: "bind", source: "/srv/backups", target: "/backups" },
    ]);
  });

  test("three workers are three containers; a worker that is off is none", async () => {
    const three = await registered({ version: "1.5.0", worker: { replicas: 3 } });
    expect(names(three).filter((name) => name.startsWith("Container nestfleet-test-worker"))).toHaveLength(3);
    const none = await registered({ version: "1.5.0", worker: { enabled: false } });
    expect(names(none).filter((name) => name.includes("worker"))).toEqual([]);
  });

  test("a source builds api and console, and pulls postgres and caddy", async () => {
    const resources = await registered({ version: "1.5.0", source: "https://example.com/nestfleet.git" });
    expect(names(resources).filter((name) => /RemoteImage|-build/.test(name))).toEqual([
      "Command nestfleet-test-api-build",
      "Command nestfleet-test-console-build",
      "RemoteImage nestfleet-test-caddy",
      "RemoteImage nestfleet-test-postgres",
    ]);
    expect(container(resources, "nestfleet-test-worker-1")["image"]).toBe("sha256:built-nestfleet-test-api-build");
  });

  test("limits have the form that Docker stores, with swap equal to memory", async () => {
    const resources = await registered({ version: "1.5.0", resources: { api: { memory: "1GB", cpus: 1 } } });
    expect(container(resources, "nestfleet-test-api")).toMatchObject({ memory: 1024, memorySwap: 1024, cpus: "1.0" });
  });
});
