import { z } from "zod";
import { asOptions } from "./hardening";

/** The properties of a container that its substitute gets as well; durations are in nanoseconds, as in Docker. */
export const likeness = z.object({
  Config: z.object({
    StopTimeout: z.number().nullish(),
    Healthcheck: z
      .object({
        Test: z.array(z.string()).nullish(),
        Interval: z.number().nullish(),
        Timeout: z.number().nullish(),
        StartPeriod: z.number().nullish(),
        Retries: z.number().nullish(),
      })
      .nullish(),
  }),
  HostConfig: z.object({
    Memory: z.number(),
    MemorySwap: z.number().nullish(),
    NanoCpus: z.number(),
    Init: z.boolean().nullish(),
    ReadonlyRootfs: z.boolean().nullish(),
    Tmpfs: z.record(z.string(), z.string()).nullish(),
  }),
});
type Likeness = z.infer<typeof likeness>;

/** Docker's default. */
const DEFAULT_GRACE_SECONDS = 10;

/** Gives the common settings, and the other container's own, as options of the docker client. */
export function optionsLike({ Config, HostConfig }: Likeness): string[] {
  const { Memory, MemorySwap, NanoCpus, Init, ReadonlyRootfs, Tmpfs } = HostConfig;
  return [
    ...asOptions({
      readOnly: ReadonlyRootfs === true ? (Tmpfs ?? {}) : undefined,
      serves: { graceSeconds: Config.StopTimeout ?? DEFAULT_GRACE_SECONDS },
    }),
    ...health(Config.Healthcheck),
    ...(Init === true ? ["--init"] : []),
    ...(Memory > 0 ? [`--memory=${Memory}`, `--memory-swap=${MemorySwap ?? Memory}`] : []),
    ...(NanoCpus > 0 ? [`--cpus=${NanoCpus / 1e9}`] : []),
  ];
}

/** The client accepts only shell commands as healthchecks, so any other command is quoted for a shell. */
function health(check: Likeness["Config"]["Healthcheck"]): string[] {
  const [kind, ...words] = check?.Test ?? [];
  if (kind === "NONE") return ["--no-healthcheck"];
  if (check == null || kind === undefined) return [];
  const command = kind === "CMD" ? ["exec", ...words.map(quoted)].join(" ") : words.join(" ");
  const duration = (option: string, value: number | null | undefined) =>
    value ? [`--health-${option}=${value}ns`] : [];
  return [
    `--health-cmd=${command}`,
    ...duration("interval", check.Interval),
    ...duration("timeout", check.Timeout),
    ...duration("start-period", check.StartPeriod),
    ...(check.Retries ? [`--health-retries=${check.Retries}`] : []),
  ];
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
