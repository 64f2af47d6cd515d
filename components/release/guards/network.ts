import { isLoopback } from "../address";
import { configSet, configSetPath, docker } from "../commands";
import { namesOf } from "../names";
import { leftNetwork } from "../restarts";
import type { PlanContext } from "../plan-context";
import type { GuardProblem } from "./problem";

/** Refuses before anything is stopped: Caddy could not start on a port that is taken. */
export function portTaken({ facts, settings, stack }: PlanContext): GuardProblem | undefined {
  const [first, ...more] = facts?.portsTaken ?? [];
  if (first === undefined) return undefined;
  const taken = [first, ...more];
  return {
    title: `${taken.length === 1 ? "port" : "ports"} ${taken.map(({ port }) => port).join(" and ")} of the Docker host ${taken.length === 1 ? "is" : "are"} taken`,
    why: taken.map(({ port, by }) => `${port} by ${by}`).join(", "),
    fix: ["stop what uses it", ...taken.map(({ port }) => otherPort(port, settings, stack))],
  };
}

/**
 * Another port does not help a domain, because users and the certificate authority use 80 and 443. A proxy that keeps
 * these ports has to forward the requests, and then terminates TLS itself.
 */
function otherPort(port: number, { http, domain }: PlanContext["settings"], stack: string): string {
  const key = port === http.httpPort ? "httpPort" : "httpsPort";
  const another = configSetPath(stack, `http.${key}`, "PORT");
  return domain === undefined || domain === "localhost" || ![80, 443].includes(port)
    ? `or use another port: ${another}`
    : `or, if another proxy uses it, has the certificate of ${domain} and forwards the requests (docs/network.md): ${another} && ${configSetPath(stack, "http.tls", "off")} && ${configSetPath(stack, "http.publicUrl", `https://${domain}`)}`;
}

/**
 * Warns where Caddy will be closed to other hosts: without `bind`, an older program listened on all addresses, in plain
 * text.
 */
export function closedToOthers({ facts, settings: { http }, stack }: PlanContext): string[] {
  const published = facts?.containers.find(({ role }) => role === "caddy")?.addresses ?? [];
  const open = published.filter((address) => !isLoopback(address));
  if (http.bind === undefined || open.length === 0 || !http.bind.every(isLoopback)) return [];
  return [
    `Caddy will listen on ${http.bind.join(", ")} instead of ${open.join(", ")}, and restarts: other hosts cannot reach it any more. ` +
      `Set a domain (${configSet(stack, "domain", "NAME")}), or let other hosts in, in plain text: ${configSetPath(stack, "http.allowPlainHttp", "true")}`,
  ];
}

/**
 * Warns where postgres leaves a network: so far every container on it could reach the database, also those of the
 * operator.
 */
export function databaseMoves(context: PlanContext): string[] {
  const network = leftNetwork(context);
  const { stack, settings } = context;
  if (network === undefined || context.step === "install") return [];
  const names = "'{{range $name, $_ := .NetworkSettings.Networks}}{{$name}}{{end}}'";
  const back = `$(${docker(settings.dockerHost, `inspect --format ${names} ${namesOf(stack).containers.postgres}`)})`;
  return [
    `postgres leaves the network ${network} for a network of its own, with api and worker; from then on a container of yours reaches it only after ` +
      docker(settings.dockerHost, `network connect ${back} CONTAINER`),
  ];
}
