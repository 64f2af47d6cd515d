import { chainOf, daysLeft } from "../certificate";
import { configSetFile } from "../commands";
import type { PlanContext } from "../plan-context";

/** Enough time for an operator who does not update every week. */
const EXPIRY_DAYS = 30;

/**
 * Warns before a certificate of the config expires, because Caddy renews only certificates that it has obtained itself.
 * `settings/tls.ts` refuses an expired one.
 */
export function certificateExpires({ settings, stack, facts }: PlanContext): string[] {
  const [leaf] = chainOf(settings.http.certificate ?? "");
  if (leaf === undefined) return [];
  const days = daysLeft(leaf, (facts?.clock ?? Math.floor(Date.now() / 1000)) * 1000);
  return days > EXPIRY_DAYS
    ? []
    : [
        `the certificate in http.certificate expires in ${days} days, on ${leaf.validTo}; put a new one there, and its key in secrets.tlsKey: ${configSetFile({ stack, path: "http.certificate", file: "certificate.pem" })}`,
      ];
}

const TLS_SWITCH = "NODE_TLS_REJECT_UNAUTHORIZED";

export function tlsUnverified({ settings: { env, secretEnv } }: PlanContext): string[] {
  if ((env?.[TLS_SWITCH] ?? secretEnv?.[TLS_SWITCH]) !== "0") return [];
  return [
    `${TLS_SWITCH} is 0: the application does not check the certificates of its providers, and sends its keys to any server that answers in their name`,
  ];
}
