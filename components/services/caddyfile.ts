import { isIP } from "node:net";
import { inUrl } from "../release/address";
import type { Settings } from "../settings/schema";
import { isLocal, proxyFiles, publicUrl, tlsOf } from "../host/routing/entrance";
import { activeFile, CANDIDATE_HEADER, CANDIDATE_TOKEN, candidateFile } from "../host/routing/files";
import { HELD_SECONDS } from "../release/downtime";
import { UPSTREAM_PORTS, type Upstream } from "../release/names";

/**
 * Gives the proxy's configuration. The reasons for the lines of the upstream block:
 *
 * - `{file.…}`: a file names the container that receives the requests, and Caddy reads it for every request. A cutover
 *   renames a new file over it. So there is no reload, which would close clients' idle connections while a request is
 *   sent, and no request goes to a container that is not healthy yet or about to stop.
 *   https://caddyserver.com/docs/conventions#placeholders
 * - `dynamic a`: Docker itself is the name server, and answers slowly while it makes and removes containers. Caddy asks
 *   it every 2 s for each name, and at once for a name that is new in the file, instead of at every request. A
 *   container that comes back under another address is found within those 2 s, and requests wait for it.
 * - `lb_try_duration`: while no container accepts connections, a request waits up to 30 s instead of failing, and the
 *   file is read again for each try. Only requests that never reached an upstream, and GETs, are tried again.
 * - `dial_timeout`: on the Docker host's own bridge a running container accepts within a millisecond.
 * - `keepalive off`: no request is sent on a connection that a restarting side is about to close. Otherwise a POST,
 *   which may not be sent twice, could be lost. Also, a graceful stop does not wait for idle connections.
 *
 * A request with the candidate token reaches the release that is to serve next, through the same ports and with the
 * same certificate as user requests. So that release is verified, and watched for a while, before it receives user
 * requests. Requests to candidates are not held. A request with any other token is a user request. No upstream sees the
 * header.
 *
 * A path that leads out of itself (`..`) is refused, because Caddy would route it by where it leads, and the api by how
 * it begins. The api's internal paths (its jobs and metrics) cannot be reached through the published ports.
 *
 * A request that cannot be held any longer is answered with 503 and Retry-After; browsers get a page that reloads
 * itself.
 *
 * The site on port 3001 has no published port. It is the api for the console, whose requests are held and retried like
 * all others. It keeps no connection open, because a reload closes idle ones, and the console would take that for a
 * failure of the api.
 *
 * Each client is limited in the size of a request, and in the time for it and for its answer. An answer that streams
 * for longer than `limits.writeSeconds` is cut; an established WebSocket is not.
 *
 * HTTP/3 is not announced, because it uses UDP, which is not published. HSTS covers the site's own name only, unless
 * the configuration says otherwise: browsers remember it for a year, and names below it may be other sites. Behind
 * trusted proxies the application gets only the client's address, however many proxies there are.
 */
export function caddyfile(settings: Asked): string {
  return `${[globalOptions(settings), snippets(settings), sites(settings)].join("\n\n")}\n`;
}

type Asked = Pick<Settings, "domain" | "http" | "secrets">;

/** The page for a browser whose request was held for too long. It reloads itself. */
const MAINTENANCE_PAGE =
  '<!doctype html><html lang="en"><meta charset="utf-8"><meta http-equiv="refresh" content="5"><title>NestFleet</title>' +
  '<body style="font:1.1rem system-ui;margin:20vh auto;max-width:32rem;padding:0 1rem">' +
  "<h1>Back in a moment</h1><p>NestFleet is being updated. This page looks again by itself.</p></body></html>";

function globalOptions(settings: Asked): string {
  const { domain, http } = settings;
  const { email, directory } = http.acme;
  const tls = tlsOf(settings);
  return block("", [
    ...(hasRedirect(settings) && tls !== "off" ? ["auto_https disable_redirects"] : []),
    // A client that connects to an address sends no host name in TLS.
    ...(tls !== "off" && (isLocal(settings) || isIP(domain) !== 0) ? [`default_sni ${domain}`] : []),
    ...(email !== undefined && directory === undefined ? [`email ${email}`] : []),
    // Caddy would install its authority in its own container, which is read-only and has no client that needs it.
    "skip_install_trust",
    "grace_period 30s",
    ...nested("servers", [
      "protocols h1 h2",
      "max_header_size 16KB",
      ...nested("timeouts", [
        "read_header 10s",
        `read_body ${http.limits.readSeconds}s`,
        `write ${http.limits.writeSeconds}s`,
        "idle 2m",
      ]),
      ...(http.trustedProxies.length > 0
        ? [`trusted_proxies static ${http.trustedProxies.join(" ")}`, "trusted_proxies_strict"]
        : []),
    ]),
    ...log(),
  ]);
}

/** The log leaves out what may contain credentials: queries (reset links, webhooks), and all headers. */
function log(): string[] {
  const fields = ["request>headers delete", "resp_headers delete", 'request>uri regexp "[?].*" "?…"'];
  return nested("log", ["output stderr", ...nested("format filter", ["wrap json", ...nested("fields", fields)])]);
}

/** Whether the redirect to HTTPS is written here, because Caddy's own always leads to port 443. */
function hasRedirect(settings: Asked): boolean {
  return tlsOf(settings) !== "public" || new URL(publicUrl(settings)).port !== "";
}

function snippets(settings: Asked): string {
  const forwarded = forwardedHeaders(settings);
  return `(upstream) {
	reverse_proxy {
		dynamic a {args[0]} {args[1]} {
			refresh 2s
			versions ipv4
		}
${forwarded}		lb_try_duration ${HELD_SECONDS}s
		lb_try_interval 50ms
		header_up -${CANDIDATE_HEADER}
		stream_close_delay 5m
		transport http {
			dial_timeout 300ms
			keepalive off
		}
	}
}

(candidate) {
	reverse_proxy {args[0]}:{args[1]} {
		header_up -${CANDIDATE_HEADER}
${forwarded}		transport http {
			dial_timeout 300ms
			keepalive off
		}
	}
}

(headers) {
	header {
${hsts(settings)}		X-Content-Type-Options nosniff
		X-Frame-Options DENY
		Referrer-Policy strict-origin-when-cross-origin
		-Server
	}
}

(nestfleet) {
	${log().join("\n\t")}
	import headers
	request_body {
		max_size ${settings.http.limits.bodySize}MiB
	}
	@astray expression \`{http.request.uri.path}.matches("(^|[/\\\\\\\\])[.]{1,2}([/\\\\\\\\]|$)")\`
	handle @astray {
		respond 400
	}
	@inside path /internal /internal/* /metrics /metrics/*
	handle @inside {
		respond 404
	}
	@api path /api/* /webhooks/* /health /socket.io/*
	@candidate {
		header_regexp ${CANDIDATE_HEADER} ^[0-9a-f]{64}$
		header ${CANDIDATE_HEADER} {file.${CANDIDATE_TOKEN}}
	}
	handle @candidate {
		handle @api {
			import candidate ${target("api", candidateFile)}
		}
		handle {
			import candidate ${target("console", candidateFile)}
		}
	}
	handle @api {
		import upstream ${target("api")}
	}
	handle {
		import upstream ${target("console")}
	}
	handle_errors 413 {
		import headers
		respond 413
	}
	handle_errors 502 503 504 {
		import headers
		header Retry-After 5
		handle @api {
			header Content-Type application/json
			respond \`{"status":"unavailable"}\` 503
		}
		handle {
			header Content-Type "text/html; charset=utf-8"
			respond \`${MAINTENANCE_PAGE}\` 503
		}
	}
}`;
}

/** The headers with the client's address and the site's URL, if a proxy in front hides them from Caddy. */
function forwardedHeaders({ http: { publicUrl: url, trustedProxies } }: Asked): string {
  const { protocol = "", host = "" } = url === undefined ? {} : new URL(url);
  const lines = [
    ...(trustedProxies.length > 0 ? ["header_up X-Forwarded-For {client_ip}"] : []),
    ...(url === undefined
      ? []
      : [`header_up X-Forwarded-Proto ${protocol.replace(":", "")}`, `header_up X-Forwarded-Host ${host}`]),
  ];
  return lines.map((line) => `\t\t${line}\n`).join("");
}

/** There is no HSTS on localhost, which other sites use as well, or if something else terminates TLS. */
function hsts(settings: Asked): string {
  const { hsts: asked } = settings.http;
  if (asked === "off" || isLocal(settings) || tlsOf(settings) === "off") return "";
  const scope = asked === "subdomains" ? "; includeSubDomains" : "";
  return `\t\tStrict-Transport-Security "max-age=31536000${scope}"\n`;
}

function sites(settings: Asked): string {
  const internal = block(`http://:${UPSTREAM_PORTS.api}`, [
    "header Connection close",
    `import upstream ${target("api")}`,
  ]);
  return [...publicSites(settings), internal].join("\n\n");
}

function publicSites(settings: Asked): string[] {
  const tls = tlsOf(settings);
  const plain = block("http://", ["import nestfleet"]);
  if (tls === "off") return [plain];
  const host = inUrl(settings.domain);
  const secure = block(`https://${host}`, [...certificate(settings), "import nestfleet"]);
  if (isLocal(settings)) return [plain, secure];
  const redirect = block(`http://${host}`, [`redir ${publicUrl(settings)}{uri} 308`]);
  return hasRedirect(settings) ? [secure, redirect] : [secure];
}

/** The lines that say where the certificate comes from. Without any, Caddy asks a public authority. */
function certificate(settings: Asked): string[] {
  const tls = tlsOf(settings);
  const files = proxyFiles(settings);
  if (tls === "caddy") return ["tls internal"];
  if (tls === "certificate") return [`tls ${files.certificate?.path ?? ""} ${files.key?.path ?? ""}`];
  if (tls !== "acme") return [];
  const { directory = "", email, eabKeyId } = settings.http.acme;
  return nested("tls", [
    ...nested("issuer acme", [
      `dir ${directory}`,
      ...(email === undefined ? [] : [`email ${email}`]),
      ...(eabKeyId === undefined || files.eabKey === undefined ? [] : [`eab ${eabKeyId} {file.${files.eabKey.path}}`]),
      ...(files.authority === undefined ? [] : [`trusted_roots ${files.authority.path}`]),
    ]),
  ]);
}

function nested(head: string, lines: string[]): string[] {
  return block(head, lines).split("\n");
}

/** A block of lines. The block of the global options has no head. */
function block(head: string, lines: string[]): string {
  return [`${head} {`.trimStart(), ...lines.map((line) => `\t${line}`), "}"].join("\n");
}

/** The two arguments of both snippets: the upstream's name, from its file, and its port. */
function target(upstream: Upstream, file = activeFile): string {
  return `{file.${file(upstream)}} ${UPSTREAM_PORTS[upstream]}`;
}
