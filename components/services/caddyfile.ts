import type { Settings } from "../settings/schema";
import { isLocal, publicUrl } from "./address";
import { candidate, CANDIDATE_HEADER, pointer, UPSTREAM_PORTS, type Upstream } from "./upstream";

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
 * With the header of a candidate a request reaches the release that is to serve next, over the same ports and
 * certificate as everybody's: so it is verified, and watched for a while, before anybody depends on it. Nothing is
 * held for it, and where there is no candidate it is answered like any other or fails.
 *
 * What cannot be held any longer is answered with 503 and Retry-After, for a person as a page that refreshes itself.
 *
 * The site on port 3001 has no published port: it is the api as the console sees it, held and retried like any other.
 * It keeps no connection open: a reload closes idle ones, and the console would take that for a failure of the api.
 */
export function caddyfile({ domain, http }: Pick<Settings, "domain" | "http">): string {
  return `${[globalOptions(domain, http.httpsPort), snippets(domain), sites({ domain, http })].join("\n\n")}\n`;
}

/** What a browser shows once holding a request has taken too long; it asks again by itself. */
const MAINTENANCE_PAGE =
  '<!doctype html><html lang="en"><meta charset="utf-8"><meta http-equiv="refresh" content="5"><title>NestFleet</title>' +
  '<body style="font:1.1rem system-ui;margin:20vh auto;max-width:32rem;padding:0 1rem">' +
  "<h1>Back in a moment</h1><p>NestFleet is being updated. This page looks again by itself.</p></body></html>";

function globalOptions(domain: string, httpsPort: number): string {
  const redirects = isLocal(domain) || httpsPort !== 443 ? ["\tauto_https disable_redirects"] : [];
  const sni = isLocal(domain) ? [`\tdefault_sni ${domain}`] : [];
  return [
    "{",
    ...redirects,
    ...sni,
    "\tgrace_period 30s",
    "\tlog {",
    "\t\toutput stderr",
    "\t\tformat json",
    "\t}",
    "}",
  ].join("\n");
}

function snippets(domain: string): string {
  return `(upstream) {
	reverse_proxy {
		dynamic a {args[0]} {args[1]} {
			refresh 2s
			versions ipv4
		}
		lb_try_duration 30s
		lb_try_interval 50ms
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
		transport http {
			dial_timeout 300ms
			keepalive off
		}
	}
}

(nestfleet) {
	log {
		output stderr
		format json
	}
	header {
${isLocal(domain) ? "" : '\t\tStrict-Transport-Security "max-age=31536000; includeSubDomains"\n'}		X-Content-Type-Options nosniff
		X-Frame-Options DENY
		Referrer-Policy strict-origin-when-cross-origin
		-Server
	}
	@api path /api/* /webhooks/* /health /socket.io/*
	@candidate header ${CANDIDATE_HEADER} *
	handle @candidate {
		handle @api {
			import candidate ${target("api", candidate)}
		}
		handle {
			import candidate ${target("console", candidate)}
		}
	}
	handle @api {
		import upstream ${target("api")}
	}
	handle {
		import upstream ${target("console")}
	}
	handle_errors 502 503 504 {
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

function sites({ domain, http }: Pick<Settings, "domain" | "http">): string {
  const internal = site(`http://:${UPSTREAM_PORTS.api}`, [
    "header Connection close",
    `import upstream ${target("api")}`,
  ]);
  if (isLocal(domain)) {
    return [
      site("http://", ["import nestfleet"]),
      site(`https://${domain}`, ["tls internal", "import nestfleet"]),
      internal,
    ].join("\n\n");
  }
  const redirect =
    http.httpsPort === 443 ? [] : [site(`http://${domain}`, [`redir ${publicUrl({ domain, http })}{uri} 308`])];
  return [site(`https://${domain}`, ["import nestfleet"]), ...redirect, internal].join("\n\n");
}

function site(address: string, lines: string[]): string {
  return [`${address} {`, ...lines.map((line) => `\t${line}`), "}"].join("\n");
}

/** Name and port, the two arguments of both snippets. */
function target(upstream: Upstream, file = pointer): string {
  return `{file.${file(upstream)}} ${UPSTREAM_PORTS[upstream]}`;
}
