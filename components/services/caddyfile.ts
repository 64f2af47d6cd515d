import { isIP } from "node:net";
import { inUrl } from "../release/address";
import type { Settings } from "../settings/schema";
import { isLocal, proxyFiles, publicUrl, tlsOf } from "../host/routing/entrance";
import { activeFile, CANDIDATE_HEADER, CANDIDATE_TOKEN, candidateFile } from "../host/routing/files";
import { HELD_SECONDS } from "../release/downtime";
import { UPSTREAM_PORTS, type Upstream } from "../release/names";

/**
 * The proxy's configuration. Why each line of the upstream block is there:
 *
 * - `{file.…}`: the container that takes the requests is named in a file, read for every request. A cutover is the
 *   renaming of that file: no reload, which would close the clients' idle connections under a request, and no request
 *   to a container that is not healthy yet or about to stop. https://caddyserver.com/docs/conventions#placeholders
 * - `dynamic a`: Docker's name server is the engine itself, which is slow to answer while it makes and removes containers:
 *   it is asked every 2 s for each name, and at once for a name that is new in the file, instead of with every request. A
 *   container that comes back under another address is found within those 2 s, and requests wait for it.
 * - `lb_try_duration`: while nothing accepts, a request waits up to 30 s instead of failing, and the file is read anew
 *   for each try. Only what never reached an upstream is tried again, and GETs.
 * - `dial_timeout`: on the host's own bridge a living container accepts within a millisecond.
 * - `keepalive off`: no request is sent on a connection that a restarting side is about to close, which is the one way
 *   to lose a POST that may not be sent twice; and a graceful stop does not wait for idle connections.
 *
 * With the token of a candidate a request reaches the release that is to serve next, over the same ports and
 * certificate as everybody's: so it is verified, and watched for a while, before anybody depends on it. Nothing is
 * held for it. With any other token a request is everybody's, and no upstream sees the header.
 *
 * Nothing that leads out of its path is passed on: Caddy would route it by where it leads, and the api by how it begins.
 * What the api has for the inside alone (its jobs, its numbers) is not there from outside.
 *
 * What cannot be held any longer is answered with 503 and Retry-After, for a person as a page that refreshes itself.
 *
 * The site on port 3001 has no published port: it is the api as the console sees it, held and retried like any other.
 * It keeps no connection open: a reload closes idle ones, and the console would take that for a failure of the api.
 *
 * What one client may take is limited: the size of a request, and the time for it and for its answer. An answer that
 * streams for longer than `limits.writeSeconds` ends then; a WebSocket, once it is one, does not.
 *
 * HTTP/3 is not announced: it is UDP, which is not published. HSTS holds for the site's own name alone unless asked
 * otherwise: browsers remember it for a year, and the names below belong to others. Behind trusted proxies the
 * application gets the one address that is the client's, however many proxies there are.
 */
export function caddyfile(settings: Asked): string {
  return `${[globalOptions(settings), snippets(settings), sites(settings)].join("\n\n")}\n`;
}

type Asked = Pick<Settings, "domain" | "http" | "secrets">;

/** What a browser shows once holding a request has taken too long; it asks again by itself. */
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
    // Clients name no host in TLS when it is an address.
    ...(tls !== "off" && (isLocal(settings) || isIP(domain) !== 0) ? [`default_sni ${domain}`] : []),
    ...(email !== undefined && directory === undefined ? [`email ${email}`] : []),
    // Of its own container, whose file system is read-only: nothing there asks Caddy's own authority.
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

/** Without what carries credentials: queries (reset links, webhooks), headers of one's own, where an answer leads. */
function log(): string[] {
  const fields = ["request>headers delete", "resp_headers delete", 'request>uri regexp "[?].*" "?…"'];
  return nested("log", ["output stderr", ...nested("format filter", ["wrap json", ...nested("fields", fields)])]);
}

/** Whether the redirect to HTTPS is written here: Caddy's own leads to the usual port. */
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

/** What the application is told of the client and of the site's name, where what Caddy sees itself is not it. */
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

/** Not on localhost, which is other sites' as well, and not where TLS is another's. */
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

/** Where the certificate comes from; without a word, Caddy asks a public authority. */
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

/** Without a head, the block of the global options. */
function block(head: string, lines: string[]): string {
  return [`${head} {`.trimStart(), ...lines.map((line) => `\t${line}`), "}"].join("\n");
}

/** Name and port, the two arguments of both snippets. */
function target(upstream: Upstream, file = activeFile): string {
  return `{file.${file(upstream)}} ${UPSTREAM_PORTS[upstream]}`;
}
