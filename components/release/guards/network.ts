import { isLoopback } from "../address";
import { configSet, configSetPath, docker } from "../commands";
import { namesOf } from "../names";
import { leftNetwork } from "../restarts";
import type { PlanContext } from "../plan-context";
import type { GuardProblem } from "./problem";

/** Found before anything is stopped: Caddy could not start. */
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
 * Another port is no way out for a domain: users and the certificate's authority come to 80 and 443. Another proxy that
 * keeps them has to pass the requests on: then TLS is its affair.
 */
function otherPort(port: number, { http, domain }: PlanContext["settings"], stack: string): string {
  const key = port === http.httpPort ? "httpPort" : "httpsPort";
  const another = configSetPath(stack, `http.${key}`, "PORT");
  return domain === undefined || domain === "localhost" || ![80, 443].includes(port)
    ? `or use another port: ${another}`
    : `or, if another proxy uses it, has the certificate of ${domain} and forwards the requests (docs/network.md): ${another} && ${configSetPath(stack, "http.tls", "off")} && ${configSetPath(stack, "http.publicUrl", `https://${domain}`)}`;
}

/** Who has said nothing of addresses had all of them, in clear. */
export function closedToOthers({ facts, settings: { http }, stack }: PlanContext): string[] {
  const published = facts?.containers.find(({ role }) => role === "caddy")?.addresses ?? [];
  const open = published.filter((address) => !isLoopback(address));
  if (http.bind === undefined || open.length === 0 || !http.bind.every(isLoopback)) return [];
  return [
    `Caddy will listen on ${http.bind.join(", ")} instead of ${open.join(", ")}, and restarts: other hosts cannot reach it any more. ` +
      `Set a domain (${configSet(stack, "domain", "NAME")}), or let other hosts in, in plain text: ${configSetPath(stack, "http.allowPlainHttp", "true")}`,
  ];
}

/** Every container on that network has reached the database so far, also those that an operator has put there. */
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
