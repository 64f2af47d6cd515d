import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { z } from "zod";
import type { Requests } from "../../components/operations/requests";
import { runScript } from "../../components/resources/script";
import type { Site } from "../../components/resources/site";
import { type Registered, registered, requestOf } from "../support/program";
import { certified } from "../support/certificates";
import { backup, host } from "../unit/release/facts";

const ROOT = join(__dirname, "../..");
const SCRIPTS = join(ROOT, "scripts");

/** Every script that the program runs. A missing or an additional one does not compile. */
const RUN = Object.keys({
  "application-role": true,
  backup: true,
  "build-image": true,
  caddyfile: true,
  collations: true,
  cutover: true,
  gate: true,
  hold: true,
  recreate: true,
  rehearse: true,
  reopen: true,
  "restore-release": true,
  sign: true,
  verdict: true,
} satisfies Record<keyof Requests, true>);

/** The folder of the operation whose request a file imports. */
function operationIn(file: string, request: RegExp): string {
  const [, operation] = request.exec(readFileSync(join(ROOT, file), "utf8")) ?? [];
  if (operation === undefined) throw new Error(`${file} takes no request`);
  return operation;
}

/** The operation whose request a script parses. */
function operationOf(script: string): string {
  return operationIn(
    `scripts/${script}.ts`,
    /import \{ request \} from "\.\.\/components\/operations\/([a-z-]+)\/request"/,
  );
}

async function schemaOf(script: string): Promise<z.ZodType> {
  const file = `../../components/operations/${operationOf(script)}/request.ts`;
  return ((await import(file)) as { request: z.ZodType }).request;
}

/** The scripts whose requests the tests here have parsed. */
const parsed = new Set<string>();

/** Parses all requests with the schemas of their scripts. Gives the last request to each script. */
async function understood(resources: Registered[]): Promise<Record<string, Record<string, unknown>>> {
  const asked = resources.flatMap((resource) => {
    const [, script] = /^node scripts\/run\.mjs (\S+)$/.exec(String(resource.inputs["create"])) ?? [];
    return script === undefined ? [] : [{ script, request: requestOf(resource) }];
  });
  expect(asked.length).toBeGreaterThanOrEqual(9);
  for (const { script, request } of asked) {
    const schema = await schemaOf(script);
    expect(schema.safeParse(request).error, `${script}: ${JSON.stringify(request)}`).toBeUndefined();
    parsed.add(script);
  }
  return Object.fromEntries(asked.map(({ script, request }) => [script, request as Record<string, unknown>]));
}

const tls = certified({ name: "fleet.example.com" });
const backups = [backup("20261124T080000Z-1.4.2")];
const everything = {
  domain: "fleet.example.com",
  worker: { replicas: 2 },
  images: { worker: "ghcr.io/nestfleet/worker" },
  backups: { keep: 3, acceptSmaller: true, directory: "/srv/backups" },
  env: { LOG_LEVEL: "debug" },
  secretEnv: { LLM_API_KEY: "k".repeat(20) },
  postgres: { readOnly: false },
  http: { tls: "certificate", certificate: tls.certificate },
  secrets: { tlsKey: tls.key },
};
/** The facts of an update from one release to another, with the two backups that a configuration may name. */
const step = (from: string, config: Record<string, unknown> & { version: string }, change = {}) =>
  registered(config, host(from, config.version, { facts: { backups }, ...change }));

describe("every request is one that its script understands", () => {
  test("an installation, with nothing but a version and with every setting that reaches a script", async () => {
    const { hold } = await understood(await registered({ version: "1.5.0" }));
    expect(hold).toHaveProperty("readOnly");
    const asked = await understood(await registered({ version: "1.5.0", ...everything }));
    expect(asked["caddyfile"]?.["files"]).toHaveLength(3);
    expect(asked["hold"]).not.toHaveProperty("readOnly");
  });

  test("a build from source", async () => {
    const asked = await understood(await registered({ version: "1.5.0", source: "https://example.com/nestfleet.git" }));
    expect(asked["build-image"]).toMatchObject({ tag: "v1.5.0", context: "console" });
  });

  test("a restart", async () => {
    const asked = await understood(await step("1.5.0", { version: "1.5.0" }));
    expect(asked["recreate"]).toMatchObject({ action: "leave" });
  });

  test("an upgrade beside the old release, which a migration may break or not", async () => {
    const beside = await understood(await step("1.2.0", { version: "1.4.2" }));
    expect(beside["recreate"]).toMatchObject({ action: "leave" });
    const hurried = await understood(await step("1.4.2", { version: "1.5.1" }));
    expect(hurried["recreate"]).toMatchObject({ action: "hurry" });
    expect(hurried["rehearse"]).toMatchObject({ mode: "full" });
  });

  test("an upgrade that stops the old release: both backups keep the one that the configuration names", async () => {
    const config = { version: "1.5.0", strategy: "recreate", restore: "20261124T080000Z-1.4.2" };
    const asked = await understood(await step("1.4.2", config));
    expect(asked["recreate"]).toMatchObject({ action: "stop", spare: [config.restore], compared: true });
    expect(asked["backup"]).toMatchObject({ spare: [config.restore], compared: true });
  });

  test("a rollback that restores a backup", async () => {
    const config = { version: "1.4.2", restore: "20261124T080000Z-1.4.2", confirmRestore: "now" };
    const asked = await understood(await step("1.5.0", config));
    expect(asked["restore-release"]).toMatchObject({ backup: config.restore, to: "1.4.2", confirmation: "now" });
    expect(asked).not.toHaveProperty("recreate");
  });

  test("and every script is covered", () => {
    expect([...parsed].sort()).toEqual(RUN);
  });
});

describe("what preview --diff shows of the commands", () => {
  const commands = async (from: string, config: { version: string }) =>
    (await step(from, config)).filter(({ type }) => type === "command:local:Command");
  const short = ({ name }: Registered) => name.replace("nestfleet-test-", "");

  test("of a change of release: one line of the environment for each that runs, and no input", async () => {
    const hiding = (await commands("1.4.2", { version: "1.5.0" })).filter(
      ({ options }) => options.hideDiffs.length > 0,
    );
    const shown = Object.fromEntries(hiding.map((one) => [short(one), Object.keys(one.inputs["environment"] ?? {})]));
    const [attempt, release] = [["NESTFLEET_ATTEMPT"], ["NESTFLEET_RELEASE"]];
    expect(shown).toEqual({
      "api-gate": release,
      "application-role": attempt,
      backup: attempt,
      "console-gate": release,
      cutover: attempt,
      rehearsal: attempt,
      verdict: attempt,
      "worker-1-gate": release,
      writers: attempt,
    });
    for (const { options } of hiding) {
      expect(options.hideDiffs).toEqual(["stdin"]);
      expect(options.ignoreChanges).toEqual([]);
    }
  });

  test("of a restart: the whole input that changes, and no environment", async () => {
    for (const { options, name } of await commands("1.5.0", { version: "1.5.0" })) {
      expect(options.hideDiffs, name).toEqual([]);
      expect(options.ignoreChanges, name).toContain("environment");
    }
  });

  test("a gate has another environment only if its container has another release", async () => {
    const environments = async (from: string) =>
      (await commands(from, { version: "1.5.0" }))
        .filter(({ name }) => name.endsWith("-gate"))
        .map(({ inputs }) => inputs["environment"]);
    expect(await environments("1.2.0")).toEqual(await environments("1.4.2"));
  });
});

test("a script parses the same request type that the program has to send", () => {
  for (const script of RUN) {
    const table = operationIn(
      "components/operations/requests.ts",
      new RegExp(`^  "?${script}"?: z\\.input<typeof (\\w+)>`, "m"),
    );
    const folder = operationIn(
      "components/operations/requests.ts",
      new RegExp(`request as ${table} \\} from "\\./([a-z-]+)/request"`),
    );
    expect(operationOf(script), script).toBe(folder);
  }
});

test("an unknown key is an error", async () => {
  const doors = readdirSync(SCRIPTS).filter((file) => file.endsWith(".ts") && file !== "frame.ts");
  expect(doors.length).toBeGreaterThanOrEqual(15);
  for (const script of doors.map((file) => file.replace(".ts", ""))) {
    const schema = await schemaOf(script);
    expect(JSON.stringify(schema.safeParse({ sapre: [] }).error?.issues), script).toContain("unrecognized_keys");
  }
});

test("a request with a key too few, too many or misspelt does not compile, wherever it comes from", () => {
  const site = {} as Site;
  const [dockerHost, postgres, container] = ["unix:///run/docker.sock", "postgres", "3f2a"];
  const found = { dockerHost, postgres, container };
  const asks = (input: { dockerHost: string; postgres: string; container: string }) =>
    runScript(site, { name: "collations", script: "collations", input });
  const refused = [
    // @ts-expect-error: a key is missing
    () => runScript(site, { name: "collations", script: "collations", input: { dockerHost, postgres } }),
    // @ts-expect-error: a key is misspelt
    () => runScript(site, { name: "collations", script: "collations", input: { dockerHost, postgres, containr: "" } }),
    // @ts-expect-error: a spread brings a key too many
    () => runScript(site, { name: "collations", script: "collations", input: { ...found, spare: [] } }),
    // @ts-expect-error: a key has a value of another type
    () => runScript(site, { name: "collations", script: "collations", input: { ...found, container: 1 } }),
    // @ts-expect-error: the request is another script's
    () => runScript(site, { name: "collations", script: "reopen", input: found }),
    // @ts-expect-error: there is no such script
    () => runScript(site, { name: "collations", script: "collation", input: found }),
    () =>
      runScript(site, {
        name: "backup",
        script: "backup",
        // @ts-expect-error: a key too many lies deeper
        input: { dockerHost, release: { from: "1.4.2", to: "1.5.0", form: "1.4.2" } },
      }),
    () =>
      runScript(site, {
        name: "application-role",
        script: "application-role",
        input: {
          dockerHost,
          postgres,
          stack: "",
          release: { to: "" },
          // @ts-expect-error: one of a list has a key too many
          extensions: [{ name: "", cascade: false, cascades: true }],
        },
      }),
  ];
  expect(refused).toHaveLength(8);
  expect(asks).toBeTypeOf("function");
});
