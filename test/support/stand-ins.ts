const REGISTRY = `127.0.0.1:${process.env["NESTFLEET_REGISTRY_PORT"] ?? "5055"}`;

/**
 * The stand-in's images of some releases, for an engine that no registry can be reached from: as the set-up has built
 * them on the machine's engine, and as the config of a `TestStack` calls them.
 */
export function imagesOf(...releases: string[]): Record<string, string> {
  return Object.fromEntries([
    ...releases.flatMap((release) =>
      ["api", "console"].map((part) => [
        `nestfleet-standin/${part}:${release}`,
        `${REGISTRY}/nestfleet/nestfleet-${part}:${release}`,
      ]),
    ),
    ["nestfleet-standin/postgres:17", `${REGISTRY}/postgres:17`],
    ["nestfleet-standin/caddy:2.11", `${REGISTRY}/caddy:2.11`],
  ]) as Record<string, string>;
}
