import fc from "fast-check";
import { inUrl } from "../../../components/release/address";
import type { Settings } from "../../../components/settings/schema";
import { certified } from "../../support/certificates";

/** A configuration as an operator may write it, before Pulumi has converted it to texts. */
export type Config = Record<string, unknown>;

/** The keys that are encrypted in the stack's file. */
export const ENCRYPTED = ["secrets", "secretEnv"];

const label = fc.stringMatching(/^[a-z]([a-z0-9-]{0,6}[a-z0-9])?$/);
const domainName = fc.array(label, { minLength: 1, maxLength: 3 }).map((labels) => labels.join("."));
const domain = fc.oneof(
  domainName,
  fc.constantFrom("localhost", "fleet.example.com", "fleet.internal", "nas"),
  fc.oneof(fc.ipV4(), fc.ipV6()).filter((address) => !/^[0:.]+$/.test(address)),
);
const loopback = fc.constantFrom<unknown>("127.0.0.1", "::1", ["127.0.0.1", "::1"], undefined);
const bind = fc.oneof(loopback, fc.ipV4(), fc.constantFrom<unknown>("0.0.0.0", ["0.0.0.0", "::"], ["10.0.0.1", "::"]));

const hex = (length: number) => fc.stringMatching(new RegExp(`^[0-9a-f]{${length}}$`));
const printable = (least: number) => fc.stringMatching(new RegExp(String.raw`^[\x21-\x7e]{${least},${least + 12}}$`));
const size = fc
  .tuple(fc.integer({ min: 32, max: 1024 }), fc.constantFrom("MB", "m", " MiB", "GB", "g"))
  .map(([amount, unit]) => `${amount}${unit}`);
const volume = fc.stringMatching(/^[a-z][a-z0-9_.-]{1,12}$/);
const flag = fc.boolean();

const limits = {
  memory: size,
  cpus: fc.oneof(
    fc.integer({ min: 1, max: 512 }),
    fc.integer({ min: 1, max: 99 }).map((tenths) => tenths / 10),
  ),
  readOnly: flag,
};
const resources = partly(limits);

const repository = fc.constantFrom("nestfleet-api", "ghcr.io/nestfleet/nestfleet-api", "registry.internal:5000/a/b__c");
const image = fc
  .tuple(repository, fc.constantFrom(":16", ":pg16-bookworm@sha256:" + "0".repeat(64)))
  .map((parts) => parts.join(""));
const digest = hex(64).map((digits) => `sha256:${digits}`);

/** The program reads a text in `env` as one, and a number only where nothing is lost of it. */
const environment = fc.dictionary(
  fc.stringMatching(/^APP_[0-9]{1,3}$/),
  fc.oneof(
    fc.string({ unit: "grapheme" }).map((text) => text.replaceAll("\0", "")),
    fc.constantFrom("1.50", "true", "{}", "DROP TABLE cases", "a=b", "2026-11-24"),
    fc.integer(),
    flag,
  ),
  { maxKeys: 3 },
);

const authorities = [certified({ name: "authority.example", authority: true })];
const identities = ["fleet.example.com", "10.0.0.5"].map((name) => certified({ name }));

const port = fc.integer({ min: 1, max: 65_535 });
const network = fc.oneof(
  fc.constant("private_ranges"),
  fc.ipV4(),
  fc.tuple(fc.ipV4(), fc.nat(32)).map((parts) => parts.join("/")),
  fc.tuple(fc.ipV6(), fc.nat(128)).map((parts) => parts.join("/")),
);
const caddy = partly({
  trustedProxies: fc.array(network, { maxLength: 3 }),
  hsts: fc.constantFrom("host", "subdomains", "off"),
  limits: partly({
    bodySize: size,
    readSeconds: fc.integer({ min: 10, max: 86_400 }),
    writeSeconds: fc.integer({ min: 60, max: 86_400 }),
  }),
});
const ports = fc
  .tuple(port, port)
  .filter(([httpPort, httpsPort]) => httpPort !== httpsPort)
  .map(([httpPort, httpsPort]) => ({ httpPort, httpsPort }));

/** How a site is reached: what goes together of its name, its certificate and its URL. */
const site: fc.Arbitrary<Config> = fc.oneof(
  fc.record({ domain, tls: fc.constantFrom("auto", "internal"), bind, url: flag }).map((asked) => ({
    domain: asked.domain,
    http: {
      tls: asked.tls,
      ...(asked.bind !== undefined && { bind: asked.bind, allowPlainHttp: true }),
      ...(asked.url && { publicUrl: `https://${inUrl(asked.domain)}` }),
    },
  })),
  fc.record({ domain, bind, url: fc.option(fc.tuple(fc.constantFrom("http", "https"), port)) }).map((asked) => ({
    domain: asked.domain,
    http: {
      tls: "off",
      ...(asked.bind !== undefined && { bind: asked.bind }),
      ...(asked.url !== null && { publicUrl: `${asked.url[0]}://${inUrl(asked.domain)}:${asked.url[1]}` }),
    },
  })),
  fc.constantFrom(...identities).map(({ name, certificate, key }) => ({
    domain: name,
    http: { tls: "certificate", certificate },
    secrets: { tlsKey: key },
  })),
  fc
    .record({
      domain,
      directory: fc.constantFrom("https://acme.internal:14000/dir", "https://acme.example.com/a%20b/~c"),
      email: fc.option(fc.stringMatching(/^[A-Za-z0-9._+-]{1,8}@[A-Za-z0-9.-]{1,8}$/)),
      account: fc.option(
        fc.tuple(
          fc.stringMatching(/^[!$-[\]-_a-z|~][!#-[\]-_a-z|~]{0,11}$/),
          fc.stringMatching(/^[A-Za-z0-9_-]{16,40}$/),
        ),
      ),
      authority: fc.option(fc.constantFrom(...authorities)),
    })
    .map(({ domain, directory, email, account, authority }) => ({
      domain,
      http: {
        acme: {
          directory,
          ...(email !== null && { email }),
          ...(account !== null && { eabKeyId: account[0] }),
          ...(authority !== null && { authority: authority.certificate }),
        },
      },
      ...(account !== null && { secrets: { acmeEabKey: account[1] } }),
    })),
);

const rest: fc.Arbitrary<Config> = partly({
  version: fc.constantFrom("1.5.0", "v2.0.0-rc.1", " 1.5.0", "sha-1a2b3c4", "22.10.0"),
  restore: fc.constantFrom("20261124T080102Z-1.5.0", ""),
  confirmRestore: fc.stringMatching(/^[A-Za-z0-9_.:-]{0,12}$/),
  env: environment,
  secretEnv: fc.dictionary(fc.stringMatching(/^APP_[A-Z]{1,4}_[0-9]$/), printable(8), { maxKeys: 3 }),
  postgres: partly({ ...limits, sharedBuffers: fc.constantFrom("128MB", "2GB", "8192kB"), existingVolume: volume }),
  resources: partly({ api: resources, worker: resources, console: resources, caddy: resources }),
  worker: partly({ enabled: flag, replicas: fc.integer({ min: 1, max: 32 }) }),
  backups: fc
    .tuple(
      partly({
        keep: fc.integer({ min: 1, max: 1000 }),
        acceptSmaller: flag,
        keepReplacedDays: fc.integer({ min: 1, max: 365 }),
      }),
      fc.oneof(fc.constant({}), partly({ volume }), partly({ directory: fc.constantFrom("/var/backups/a", "/b c/d") })),
    )
    .map(([kept, place]) => ({ ...kept, ...place })),
  health: partly({
    soakSeconds: fc.nat(3600),
    timeoutSeconds: fc.integer({ min: 5, max: 86_400 }),
    version: fc.constantFrom("compare", "ignore"),
  }),
  migrateCommand: fc.array(fc.string({ minLength: 1 }), { minLength: 1, maxLength: 3 }),
  rehearsal: fc.constantFrom("full", "restore", "off"),
  strategy: fc.constantFrom("auto", "rolling", "recreate"),
  acknowledgeMajor: fc.constantFrom("", "2"),
  requiredStops: fc.array(fc.constantFrom("1.5.0", "2.0.0-rc.1"), { maxLength: 2 }),
  allowSchemaAhead: flag,
  allowMovingTag: flag,
  dockerHost: fc.constantFrom("unix:///run/user/1000/docker.sock", "ssh://op@host.example:22", "ssh://[fd00::1]"),
});

const built: fc.Arbitrary<Config> = fc.oneof(
  partly({ source: fc.constantFrom("https://git.example.com/a.git", "git@git.example.com:a/b.git", "./a", "") }),
  partly({
    images: partly({
      api: repository,
      worker: repository,
      console: repository,
      postgres: image,
      caddy: image,
      digests: partly({ api: digest, console: digest }),
    }),
  }),
);

const secrets: fc.Arbitrary<Config> = partly({
  postgresPassword: printable(8),
  jwtSecret: printable(32),
  secretEncryptionKey: hex(64),
});

/** A config that keeps all rules. */
export const accepted: fc.Arbitrary<Config> = fc
  .tuple(rest, built, site, ports, caddy, secrets)
  .map(([asked, images, reached, numbers, proxy, own]) => ({
    ...asked,
    ...images,
    ...reached,
    http: { ...numbers, ...proxy, ...(reached["http"] as Config) },
    secrets: { ...own, ...(reached["secrets"] as Config | undefined) },
  }));

/** The same settings as a config, in the spelling that they have once they were read. */
export function asWritten({ version, http, postgres, resources, ...others }: Settings): Config {
  const sized = (asked: { readonly memory?: number | undefined }) => ({
    ...asked,
    ...(asked.memory !== undefined && { memory: `${asked.memory}MB` }),
  });
  return {
    ...others,
    version: version.tag,
    http: { ...http, limits: { ...http.limits, bodySize: `${http.limits.bodySize}MB` } },
    postgres: sized(postgres),
    resources: Object.fromEntries(Object.entries(resources).map(([service, asked]) => [service, sized(asked)])),
  };
}

/** Any of the keys, or none. */
export function partly<T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<Config> {
  return fc.record(model, { requiredKeys: [] });
}
