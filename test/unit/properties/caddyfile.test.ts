import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { caddyfile } from "../../../components/services/caddyfile";
import { isLocal, publicUrl, tlsOf } from "../../../components/host/routing/entrance";
import { inUrl } from "../../../components/release/address";
import type { Settings } from "../../../components/settings/schema";
import { checked, settings } from "../settings/checked";
import { accepted, type Config, ENCRYPTED } from "./asked";

/** A line of a Caddyfile, and the lines of its block. */
interface Line {
  readonly words: readonly string[];
  readonly block: readonly Line[];
}

/**
 * The words of a Caddyfile, by line, as Caddy finds them: quotes and comments count where a word begins, and what
 * separates words is all that Unicode takes for space. https://caddyserver.com/docs/caddyfile/concepts
 */
function words(text: string): string[][] {
  const lines: string[][] = [[]];
  const token = /(\n)|[\p{White_Space}]|#[^\n]*|"((?:\\"|[^"])*)"|`([^`]*)`|((?:\\\n|\P{White_Space})+)/uy;
  for (let found = token.exec(text); found !== null; found = token.exec(text)) {
    const [, newline, quoted, raw, plain] = found;
    if (newline !== undefined) lines.push([]);
    const isOpen =
      plain !== undefined &&
      (/^["`]/.test(plain) || (plain.startsWith("<<") && text.startsWith("\n", token.lastIndex)));
    if (isOpen) throw new Error(`not closed: ${plain}`);
    const word = quoted ?? raw ?? plain;
    if (word !== undefined) lines.at(-1)?.push(word);
  }
  return lines.filter((line) => line.length > 0);
}

function parse(text: string): Line[] {
  const open: { words: string[]; block: Line[] }[] = [{ words: [], block: [] }];
  for (const line of words(text)) {
    const inner = line.filter((word) => word !== "{" && word !== "}");
    if (line.length === 1 && line[0] === "}") {
      open.pop();
    } else {
      const next = { words: inner, block: [] };
      open.at(-1)?.block.push(next);
      const opens = line.at(-1) === "{";
      if (opens) open.push(next);
      expect(line.length - inner.length, line.join(" ")).toBe(opens ? 1 : 0);
    }
    if (open.length === 0) throw new Error("a block is closed that was not opened");
  }
  expect(open).toHaveLength(1);
  return open[0]?.block ?? [];
}

/** All lines that begin with these words, however deep they are. */
function named(lines: readonly Line[], ...first: readonly string[]): (readonly string[])[] {
  return lines.flatMap((line) => [
    ...(first.every((word, at) => line.words[at] === word) ? [line.words] : []),
    ...named(line.block, ...first),
  ]);
}

/** What a config decides stands in the file word by word, and nothing else does. */
function expectWhole(lines: readonly Line[], asked: Settings) {
  const { domain, http } = asked;
  const [tls, host] = [tlsOf(asked), inUrl(domain)];
  const { email, directory, eabKeyId } = http.acme;
  const expected: [string[], (string | undefined)[], boolean][] = [
    [["default_sni"], [domain], false],
    [["email"], [email], email !== undefined && (directory === undefined || tls === "acme")],
    [["dir"], [directory], tls === "acme"],
    [["eab"], [eabKeyId, expect.stringMatching(/^\{file\.\S+\}$/) as string], tls === "acme" && eabKeyId !== undefined],
    [["trusted_proxies"], ["static", ...http.trustedProxies], http.trustedProxies.length > 0],
    [["redir"], [`${publicUrl(asked)}{uri}`, "308"], false],
    [["header_up", "X-Forwarded-Host"], [new URL(publicUrl(asked)).host], http.publicUrl !== undefined],
    [["max_size"], [`${http.limits.bodySize}MiB`], true],
    [["read_body"], [`${http.limits.readSeconds}s`], true],
    [["write"], [`${http.limits.writeSeconds}s`], true],
  ];
  for (const [first, rest, isNeeded] of expected) {
    const found = named(lines, ...first);
    for (const line of found) expect(line).toEqual([...first, ...rest]);
    if (isNeeded) expect(found, first.join(" ")).not.toEqual([]);
  }
  // Nor does a setting stand for something else.
  expect([host, publicUrl(asked), email, directory, eabKeyId, ...http.trustedProxies].join(",")).not.toMatch(/[{}"`]/);
  const heads = lines.map((line) => line.words.join(" "));
  const sites = heads.slice(5);
  expect(heads.slice(0, 5)).toEqual(["", "(upstream)", "(candidate)", "(headers)", "(nestfleet)"]);
  const plain = tls === "off" || isLocal(asked) ? ["http://"] : [`http://${host}`];
  const known = [...(tls === "off" ? [] : [`https://${host}`]), ...plain, "http://:3001"];
  expect(known).toEqual(expect.arrayContaining(sites));
  expect(new Set(sites).size).toBe(sites.length);
  expect(sites).toEqual(expect.arrayContaining(["http://:3001", ...known.slice(0, 1)]));
}

/** What answers a request: the first `handle` that is for it. */
function answer(lines: readonly Line[], path: string, isForCandidate: boolean): string {
  const site = lines.find(({ words: [name] }) => name === "(nestfleet)")?.block ?? [];
  const matchers = new Map(site.map(({ words: [name = "", ...rest] }) => [name, rest]));
  const handles = site.filter(({ words: [name] }) => name === "handle");
  const first = handles.find(({ words: [, matcher] }) => {
    if (matcher === undefined) return true;
    if (!matchers.has(matcher)) throw new Error(`no matcher is called ${matcher}`);
    const [kind, ...rest] = matchers.get(matcher) ?? [];
    if (kind === undefined) return isForCandidate; // its conditions are in a block
    if (kind === "expression") return path.split(/[/\\]/).some((part) => part === "." || part === "..");
    expect(kind).toBe("path");
    // Of those with one path only, Caddy would take the longest first, in whatever order they are.
    expect(rest.length).toBeGreaterThan(1);
    return rest.some((pattern) => matches(pattern.toLowerCase(), path.toLowerCase()));
  });
  // Whatever is for all requests is taken last, wherever it stands.
  const [last] = handles.filter(({ words }) => words.length === 1);
  return ((first ?? last)?.block[0]?.words ?? []).join(" ");
}

function matches(pattern: string, path: string): boolean {
  return pattern.endsWith("*") ? path.startsWith(pattern.slice(0, -1)) : path === pattern;
}

describe("the Caddyfile of a config that is accepted", () => {
  test("is well formed, and has each setting as a whole where it belongs", () => {
    fc.assert(
      fc.property(accepted, (config) => {
        const asked = settings(config, ENCRYPTED);
        expectWhole(parse(caddyfile(asked)), asked);
      }),
      { numRuns: 60 },
    );
  });

  const account = { directory: "https://acme.example.com/directory" };
  const acme = (more: object) => ({ domain: "fleet.internal", http: { acme: { ...account, ...more } } });
  const eab = { secrets: { acmeEabKey: "a".repeat(16) } };
  test.each<[string, string, (text: string) => Config]>([
    ["name", "fleet.example.com", (domain) => ({ domain })],
    ["address", "fd00::1", (domain) => ({ domain })],
    ["public URL", "https://fleet.example.com:8443", (publicUrl) => ({ http: { tls: "off", publicUrl } })],
    ["URL with a redirect to it", "https://nas:8443", (publicUrl) => ({ domain: "nas", http: { publicUrl } })],
    ["trusted proxy", "10.0.0.0/8", (proxy) => ({ domain: "nas", http: { trustedProxies: ["::1", proxy] } })],
    ["ACME directory", "https://acme.example.com:14000/dir/a", (directory) => acme({ directory })],
    ["email address", "operator@example.com", (email) => acme({ email })],
    [
      "email address for a public authority",
      "a@example.com",
      (email) => ({ domain: "a.org", http: { acme: { email } } }),
    ],
    ["key id", "kid-1", (eabKeyId) => ({ ...acme({ eabKeyId }), ...eab })],
  ])("is so with anything that is accepted as its %s", (_, good, configOf) => {
    expect(checked(configOf(good), ENCRYPTED)).toHaveProperty("settings");
    const piece = fc.oneof(
      { weight: 2, arbitrary: fc.constantFrom("#", "\n", " ", "{", "}", '"', "`", "\\") },
      fc.constantFrom("\t", "\r", "\u0085", "\u00a0", "\u2028", "\\\n", "<<", ";", "$", "*", "@"),
      fc.constantFrom("{env.HOME}", "\\{env.HOME}", "{$HOME}", "\n}\nrespond 200", "import "),
      fc.string({ minLength: 1, maxLength: 2 }),
    );
    const text = fc
      .tuple(piece, fc.constantFrom(0, 3, good.length), fc.boolean())
      .map(([inserted, at, isCut]) => good.slice(0, at) + inserted + (isCut ? "" : good.slice(at)));
    fc.assert(
      fc.property(text, (given) => {
        const result = checked(configOf(given), ENCRYPTED);
        if ("settings" in result) expectWhole(parse(caddyfile(result.settings)), result.settings);
      }),
      { numRuns: 150 },
    );
  });

  test("lets users reach the api only through the rules for all requests", () => {
    fc.assert(
      fc.property(accepted, (config) => {
        const sites = parse(caddyfile(settings(config, ENCRYPTED))).slice(5);
        for (const {
          words: [site],
          block,
        } of sites.filter(({ words: [site] }) => site !== "http://:3001")) {
          const served = block.map(({ words }) => words.slice(0, words[0] === "import" ? 2 : 1).join(" "));
          expect(["tls", "import nestfleet", "redir"], site).toEqual(expect.arrayContaining(served));
        }
      }),
      { numRuns: 40 },
    );
  });

  test("answers requests for internal paths itself, also those to a candidate", () => {
    const part = fc.stringMatching(/^[\w%~.-]{0,8}$/).filter((text) => !/^\.{1,2}$/.test(text));
    const end = fc.array(part, { maxLength: 3 }).map((parts) => parts.map((name) => `/${name}`).join(""));
    const inside = fc.tuple(fc.mixedCase(fc.constantFrom("/internal", "/metrics")), end).map((parts) => parts.join(""));
    fc.assert(
      fc.property(accepted, inside, fc.boolean(), (config, path, isForCandidate) => {
        const lines = parse(caddyfile(settings(config, ENCRYPTED)));
        expect(answer(lines, path, isForCandidate)).toBe("respond 404");
      }),
      { numRuns: 60 },
    );
  });

  test("passes on the api's paths, and none that lead out of themselves", () => {
    const lines = parse(caddyfile(settings({})));
    const part = fc.stringMatching(/^[a-z]{1,8}$/);
    const out = fc.constantFrom("/.", "/..", "\\..", "/.\\..");
    const rest = fc.constantFrom("", "/", "\\", "/internal", "/metrics/a");
    fc.assert(
      fc.property(part, out, rest, fc.boolean(), (name, dots, to, isForCandidate) => {
        expect(answer(lines, `/api/${name}${dots}${to}`, isForCandidate)).toBe("respond 400");
        expect(answer(lines, `/api/${name}${to}`, isForCandidate)).toBe(
          isForCandidate ? "handle @api" : "import upstream {file./config/upstream-api} 3001",
        );
      }),
    );
  });
});
