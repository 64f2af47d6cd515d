const REGISTRY = `127.0.0.1:${process.env["NESTFLEET_REGISTRY_PORT"] ?? "5055"}`;

/**
 * The images of some demo releases, for a Docker engine that cannot reach a registry. The keys are the names on the
 * machine's engine, where the set-up builds them; the values are the names in the configuration of a `TestStack`.
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
