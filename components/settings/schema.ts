import semver from "semver";
import { z } from "zod";
import { isTold } from "../release/containers/canonical";
import { LOCAL_DOCKER } from "../release/commands";
import { parseVersion, VERSION_RULE } from "../release/version";
import { DOCKER_HOST, DOCKER_HOST_RULE } from "./docker-host";
import { domainName } from "./domain";
import { appEnv, secretEnv } from "./environment";
import { choice, field, text, whole } from "./field";
import { http } from "./http";
import { parameters } from "./parameters";
import { gitSource, imageDigest, imageReference, imageRepository } from "./references";
import { backupId, confirmation } from "./restore";
import { memory, sharedBuffers } from "./sizes";
import { isSystems } from "./system-directory";

const VOLUME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]{1,127}$/;

function version(allowMovingTag: boolean) {
  const inner = z.string().transform((value, context) => {
    const parsed = parseVersion(value, allowMovingTag);
    if (parsed) return parsed;
    context.issues.push({ code: "custom", input: value });
    return z.NEVER;
  });
  return field(inner, VERSION_RULE, "1.5.0");
}

function flag(example: string) {
  return field(z.boolean(), "true or false", example);
}

const limits = z.strictObject({
  memory: memory().optional(),
  cpus: field(
    z.number().min(0.01).max(512).refine(isTold),
    "a number of CPUs from 0.01 to 512, with at most nine decimals, and not one that the Docker provider rounds (0.05 to 0.1)",
    "1.5",
  ).optional(),
});

/** The limits of one service, and whether its file system is read-only. */
const resourcesOf = limits.extend({ readOnly: flag("false").default(true) });

const digests = z.strictObject({
  api: imageDigest().optional(),
  worker: imageDigest().optional(),
  console: imageDigest().optional(),
});

const images = z.strictObject({
  api: imageRepository("ghcr.io/nestfleet/nestfleet-api").default("ghcr.io/nestfleet/nestfleet-api"),
  worker: imageRepository("ghcr.io/nestfleet/nestfleet-api").optional(),
  console: imageRepository("ghcr.io/nestfleet/nestfleet-console").default("ghcr.io/nestfleet/nestfleet-console"),
  postgres: imageReference("pgvector/pgvector:pg16-bookworm").default("pgvector/pgvector:pg16-bookworm"),
  caddy: imageReference("caddy:2-alpine").default("caddy:2-alpine"),
  digests: digests.default({}),
});

const secrets = z.strictObject({
  postgresPassword: text(/^[\x21-\x7e]{8,200}$/, "8 to 200 printable ASCII characters without spaces", "").optional(),
  jwtSecret: text(/^[\x21-\x7e]{32,500}$/, "at least 32 printable ASCII characters without spaces", "").optional(),
  secretEncryptionKey: text(/^[0-9a-f]{64}$/, "64 lower-case hexadecimal digits", "").optional(),
  tlsKey: text(
    /^\s*-----BEGIN [A-Z ]*PRIVATE KEY-----[^]+-----END [A-Z ]*PRIVATE KEY-----\s*$/,
    "a private key (PEM)",
    "",
  ).optional(),
  acmeEabKey: text(
    /^[A-Za-z0-9_-]{16,512}$/,
    "the HMAC key of an external account binding, in base64url",
    "",
  ).optional(),
});

const postgres = z.strictObject({
  existingVolume: text(VOLUME, "the name of a Docker volume", "nestfleet_postgres_data").optional(),
  sharedBuffers: sharedBuffers().default("128MB"),
  parameters: parameters().default({}),
  ...resourcesOf.shape,
});

const worker = z.strictObject({
  enabled: flag("true").default(true),
  replicas: whole({ min: 1, max: 32, unit: "worker containers", example: 1 }).default(1),
});

const backups = z
  .strictObject({
    keep: whole({ min: 1, max: 1000, unit: "backups to keep", example: 7 }).default(7),
    acceptSmaller: flag("false").default(false),
    keepReplacedDays: whole({ min: 1, max: 365, unit: "days", example: 7 }).default(7),
    volume: text(VOLUME, "the name of a Docker volume", "nestfleet_backups").optional(),
    directory: field(
      z
        .string()
        .regex(/^\/[^\0\n:]*[^\0\n:/]$/)
        .refine((path) => !isSystems(path)),
      "an absolute path on the Docker host, without ':' and '..', and not a directory of the system",
      "/var/backups/nestfleet",
    ).optional(),
  })
  .refine(({ volume, directory }) => !(volume && directory), {
    path: ["directory"],
    message: "either a volume or a directory, not both",
    params: { example: "" },
  });

const health = z.strictObject({
  soakSeconds: whole({ min: 0, max: 3600, unit: "seconds", example: 30 }).default(30),
  timeoutSeconds: whole({ min: 5, max: 86400, unit: "seconds", example: 300 }).default(300),
  version: choice("compare", "ignore").default("compare"),
});

const resources = z.strictObject({
  api: resourcesOf.prefault({}),
  worker: resourcesOf.prefault({}),
  console: resourcesOf.prefault({}),
  caddy: resourcesOf.prefault({}),
});

/**
 * Every setting, with its rule and default. Pulumi.yaml describes the same keys for the CLI and editors;
 * test/unit/settings/schema.test.ts checks that both agree.
 */
export const schema = z.strictObject({
  version: version(false),
  restore: backupId().optional(),
  confirmRestore: confirmation().optional(),
  domain: domainName().default("localhost"),
  images: images.prefault({}),
  source: gitSource().optional(),
  dockerHost: text(DOCKER_HOST, DOCKER_HOST_RULE, LOCAL_DOCKER).default(LOCAL_DOCKER),
  env: appEnv().default({}),
  secretEnv: secretEnv().default({}),
  secrets: secrets.prefault({}),
  http: http.prefault({}),
  postgres: postgres.prefault({}),
  resources: resources.prefault({}),
  worker: worker.prefault({}),
  backups: backups.prefault({}),
  health: health.prefault({}),
  migrateCommand: field(z.array(z.string().min(1)).min(1), "a list of words, the program first", "").default([
    "node",
    "dist/infra/db/migrate.js",
  ]),
  rehearsal: choice("full", "restore", "off").default("full"),
  strategy: choice("auto", "rolling", "recreate").default("auto"),
  acknowledgeMajor: text(/^\d*$/, "the number of the major release to upgrade to", "MAJOR").default(""),
  requiredStops: field(
    z.array(z.string().refine((stop) => semver.valid(stop) !== null)),
    "a list of releases such as 1.5.0",
    "",
  ).default([]),
  allowSchemaAhead: flag("false").default(false),
  allowMovingTag: flag("false").default(false),
});

/** The schema where the operator has allowed a mutable tag as version. */
export const schemaWithMovingTag = schema.extend({ version: version(true) });

/** The keys whose value is one text; all others are objects or lists, which Pulumi hands over as JSON. */
export const TEXT_KEYS: readonly string[] = [
  "version",
  "restore",
  "confirmRestore",
  "domain",
  "source",
  "dockerHost",
  "rehearsal",
  "strategy",
  "acknowledgeMajor",
];

/** The settings of one stack after every check, in canonical form and with the defaults filled in. */
export type Settings = z.output<typeof schema>;
