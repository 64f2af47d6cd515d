import { describe, expect, test } from "vitest";
import { plan } from "../../../../components/release/plan";
import type { LastUpdate, PlanSettings } from "../../../../components/release/plan-context";
import { certified } from "../../../support/certificates";
import { asked, container, host } from "../facts";

const unreachable = { unreachable: "nobody asks" };

describe("a release whose answer is a constant", () => {
  const warned = (to: string, last: LastUpdate, version: "compare" | "ignore" = "compare") =>
    plan({ stack: "prod", settings: asked(to, { health: { version } }), host: unreachable, last }).warnings.filter(
      (one) => one.includes("/health"),
    );

  test("is warned about beforehand, with the setting", () => {
    expect(warned("1.8.0", { version: "sha-1a2b3c4", answered: "0.1.0" })).toEqual([
      "sha-1a2b3c4 answered /health with the version 0.1.0: if all releases answer so, 1.8.0 will be refused; to stop comparing versions: " +
        "pulumi config set --stack prod --path 'nestfleet:health.version' ignore",
    ]);
  });

  test.each<[string, string, LastUpdate, "compare" | "ignore"]>([
    ["it is not compared", "1.8.0", { version: "1.7.0", answered: "0.1.0" }, "ignore"],
    ["the next one is no number either", "sha-5e6f7a8", { version: "sha-1a2b3c4", answered: "0.1.0" }, "compare"],
    ["it tells its version", "1.8.0", { version: "1.7.0", answered: "1.7.0" }, "compare"],
    ["it is the very one that is asked for", "1.8.0", { version: "sha-1a2b3c4", answered: "1.8.0" }, "compare"],
    ["nothing has served yet", "1.8.0", {}, "compare"],
  ])("is not, where %s", (_, to, last, version) => {
    expect(warned(to, last, version)).toEqual([]);
  });
});

describe("a certificate of the operator's", () => {
  const warned = (until: number) => {
    const { certificate } = certified({ name: "fleet.example.com", until });
    const http = { httpPort: 80, httpsPort: 443, certificate };
    return plan({ stack: "prod", settings: asked("1.5.0", { http }), host: unreachable, last: {} }).warnings.filter(
      (one) => one.includes("expires"),
    );
  };

  test("is warned about when it expires soon", () => {
    expect(warned(12.5)).toEqual([
      expect.stringMatching(/expires in 12 days, on .*http\.certificate' < certificate\.pem$/),
    ]);
  });

  test("is not, when it does not", () => {
    expect(warned(31.5)).toEqual([]);
  });
});

test.each([
  ["0", 1],
  ["1", 0],
])("the plan warns that TLS is not verified (%s)", (value, count) => {
  const env = { NODE_TLS_REJECT_UNAUTHORIZED: value };
  const { warnings } = plan({ stack: "prod", settings: asked("1.5.0", { env }), host: unreachable, last: {} });
  expect(warnings.filter((one) => one.includes("does not check the certificates"))).toHaveLength(count);
});

test.each([
  [
    ["0.0.0.0"],
    ["127.0.0.1"],
    /^Caddy will listen on 127\.0\.0\.1 instead of 0\.0\.0\.0, and restarts: other hosts .*allowPlainHttp.* true$/,
  ],
  [["127.0.0.1"], ["127.0.0.1"], undefined],
  [["0.0.0.0"], ["192.168.1.5"], undefined],
])("the plan warns that Caddy leaves %s for %s if others came that way", (addresses, bind, told) => {
  const caddy = { ...container("caddy", "caddy:2-alpine"), addresses };
  const facts = host("1.5.0", "1.5.0", { facts: { containers: [caddy] } });
  const http = { httpPort: 80, httpsPort: 443, bind };
  const warnings = plan({ stack: "prod", settings: asked("1.5.0", { http }), host: facts, last: {} }).warnings.filter(
    (one) => one.startsWith("Caddy will listen"),
  );
  expect(warnings).toEqual(told === undefined ? [] : [expect.stringMatching(told)]);
});

test("a killed update is reported, and not as a database that does not run, because the update recovers first", () => {
  const facts = (unfinished: boolean) => host("1.5.0", "1.5.1", { facts: { database: undefined, unfinished } });
  const { kind, warnings } = plan({ stack: "prod", settings: asked("1.5.1"), host: facts(true), last: {} });
  expect(kind).toBe("upgrade");
  expect(warnings.filter((one) => one.startsWith("an update was killed"))).toHaveLength(1);
  expect(plan({ stack: "prod", settings: asked("1.5.1"), host: facts(false), last: {} })).toMatchObject({
    kind: "refusal",
    problems: [{ title: "the database does not run" }],
  });
});

describe("an image of postgres or caddy that is old", () => {
  const warned = (
    created: string | undefined,
    settings: Partial<PlanSettings> = {},
    clock = "2026-11-24T12:00:00Z",
  ) => {
    const images = { api: image(created), postgres: image("2026-11-01T00:00:00Z"), caddy: image(created) };
    const facts = host("1.5.0", "1.5.0", { facts: { images, clock: Date.parse(clock) / 1000 } });
    return plan({ stack: "prod", settings: asked("1.5.0", settings), host: facts, last: {} }).warnings.filter((one) =>
      one.includes("was made"),
    );
  };
  const image = (created: string | undefined) => ({ id: "sha256:1", digests: [], created });

  test("is reported, with the command that pulls a newer one", () => {
    expect(warned("2026-07-24T12:00:00.123456789Z", { dockerHost: "ssh://op@fleet" })).toEqual([
      "the image of caddy, caddy:2-alpine, was made 123 days ago, and security fixes come only with a newer one: " +
        "docker --host ssh://op@fleet pull caddy:2-alpine gets the image that the tag names today, and the next preview says " +
        "what that means; if it is the same image, pulumi config set --stack prod --path 'nestfleet:images.caddy' IMAGE",
    ]);
  });

  test("is reported with the key of the configuration, if that has its digest", () => {
    const caddy = `caddy:2-alpine@sha256:${"a".repeat(64)}`;
    expect(warned("2026-07-24T12:00:00Z", { images: { ...asked("1.5.0").images, caddy } })).toEqual([
      `the image of caddy, ${caddy}, was made 123 days ago, and security fixes come only with a newer one: ` +
        "its digest is in the config: pulumi config set --stack prod --path 'nestfleet:images.caddy' IMAGE",
    ]);
  });

  test.each([
    ["it is 90 days old", "2026-08-26T12:00:00Z"],
    ["it is from the future", "2027-01-01T00:00:00Z"],
    ["its build can be repeated", "1980-01-01T00:00:01Z"],
    ["it has no date", "0001-01-01T00:00:00Z"],
    ["it does not say", ""],
    ["it says nothing", undefined],
  ])("is not, where %s", (_, created) => {
    expect(warned(created)).toEqual([]);
  });

  test("is not by another clock than the host's", () => {
    expect(warned("2026-07-24T12:00:00Z", {}, "2026-08-01T00:00:00Z")).toEqual([]);
  });
});
