/**
 * Why an image could not be pulled, as far as the messages of Docker and containerd show it. `missing`: the registry
 * answers, and has no such repository or tag. `denied`: the registry wants other credentials, or has no such repository
 * (registries do not say which). `limited`: too many pulls. `away`: the registry cannot be reached or fails. `disk`:
 * the Docker host has no room.
 */
export type PullFault = "missing" | "denied" | "limited" | "away" | "disk" | "unknown";

/** The order matters: "no such host" also comes as "… not found", and a limit also as "denied". */
const WORDS: readonly (readonly [PullFault, RegExp])[] = [
  ["disk", /no space left on device/i],
  ["limited", /toomanyrequests|too many requests|rate limit/i],
  [
    "away",
    /no such host|server misbehaving|temporary failure|connection refused|connection reset|no route to host|network is unreachable|timeout|timed out|deadline exceeded|no answer within|\bEOF\b|x509|certificate|server gave HTTP response|\b50[0234]\b/i,
  ],
  ["denied", /denied|unauthorized|authentication required|no basic auth credentials|forbidden/i],
  ["missing", /not found|manifest unknown|name unknown|does not exist/i],
];

export function pullFault(reason: string): PullFault {
  return WORDS.find(([, words]) => words.test(reason))?.[0] ?? "unknown";
}
