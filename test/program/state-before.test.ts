import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type Registered, registered } from "../support/program";
import { host } from "../unit/release/facts";

/**
 * The resources that the program registered before it had components, for two configurations, on a host where its
 * release serves: inputs, options and dependencies of each, all directly under NestFleet. A state that it wrote has the
 * same.
 */
interface Before {
  readonly urn: string;
  readonly parent: string;
  readonly inputs: Record<string, unknown>;
  readonly dependencies: readonly string[];
  readonly options: Partial<Registered["options"]>;
}

const states = JSON.parse(readFileSync(join(__dirname, "state-before.json"), "utf8")) as {
  readonly config: Record<string, unknown>;
  readonly component: string;
  readonly resources: readonly Before[];
}[];
const WRITERS = "nestfleet-test-writers";
const nameIn = (urn: string) => urn.split("::").at(-1) ?? urn;

/** Replaces secrets by the text that the fixture has for them. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (value === null || typeof value !== "object") return value;
  if ("4dabf18193072939515e22adb298388d" in value) return { secret: plain((value as { value?: unknown }).value) };
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner)]));
}

/** The inputs that count as changes. Pulumi takes those that the program ignores from the state. */
function counted(inputs: Record<string, unknown>, ignored: readonly string[]): unknown {
  return plain(
    ignored.includes("*") ? {} : Object.fromEntries(Object.entries(inputs).filter(([key]) => !ignored.includes(key))),
  );
}

describe.each(states)("a state of the old program: $config", async ({ config, resources: before, component }) => {
  const resources = await registered(config, host("1.5.0", "1.5.0"), { version: "1.5.0" });
  const custom = resources.filter((resource) => resource.custom);
  /** The resources that Pulumi would match with one of the state. */
  const foundFor = ({ urn }: Before) => resources.filter((one) => [one.urn, ...one.aliases].includes(urn));
  const formerly = new Map(before.flatMap((one) => foundFor(one).map(({ urn }) => [urn, one.urn])));

  test("every resource of it is found, once", () => {
    expect(before.length).toBeGreaterThan(30);
    for (const one of before)
      expect(
        foundFor(one).map(({ name }) => name),
        one.urn,
      ).toEqual([nameIn(one.urn)]);
  });

  test("no other resource is made", () => {
    expect(custom.filter(({ urn }) => !formerly.has(urn))).toEqual([]);
    expect(custom).toHaveLength(before.length);
  });

  test("only the components below NestFleet are new", () => {
    const components = resources.filter((resource) => !resource.custom);
    expect(components.map(({ urn }) => urn)).toContain(component);
    const below = components.filter(({ urn }) => urn !== component);
    expect(below.map(({ parent }) => parent)).toEqual(below.map(() => component));
    const workers = custom.filter(({ name, type }) => type.endsWith(":Container") && name.includes("-worker-")).length;
    expect(below.map(({ type }) => type.split(":").at(-1))).toEqual(
      ["Images", "Secrets", "Networks", "Backup", "Postgres", "Api", "Console", "Caddy"].concat(
        Array.from({ length: workers }, () => "Worker"),
      ),
    );
  });

  test.each(before.map((one) => [nameIn(one.urn), one] as const))("%s is what it was", (_, one) => {
    const [now] = foundFor(one);
    if (now === undefined) throw new Error("it is not found");
    const { ignoreChanges, ...options } = now.options;
    const { ignoreChanges: ignored = [], ...given } = one.options;
    // A command may have an environment, which the state does not have.
    const expected = one.urn.includes("$command:") ? [...new Set([...ignored, "environment"])] : ignored;
    expect(ignoreChanges).toEqual(expected);
    expect(counted(now.inputs, ignoreChanges)).toEqual(counted(one.inputs, ignoreChanges));
    expect(options).toEqual({
      provider: "",
      protect: false,
      retainOnDelete: false,
      deleteBeforeReplace: null,
      replaceOnChanges: [],
      additionalSecretOutputs: [],
      hideDiffs: [],
      ...given,
    });
    expect(now.dependencies.map((urn) => formerly.get(urn)).sort()).toEqual([...one.dependencies].sort());
  });
});

describe("the command NAME-writers", () => {
  const writers = async (from: string, config: { version: string }) => {
    const resources = await registered(config, host(from, config.version));
    const found = resources.find(({ name }) => name === WRITERS);
    return { create: found?.inputs["create"], ignored: found?.options.ignoreChanges };
  };

  test("keeps the script of the old program on a restart, which does not run it", async () => {
    expect((await writers("1.5.0", { version: "1.5.0" })).ignored).toEqual(["stdin", "create", "environment"]);
  });

  test("runs its own script with a change of release", async () => {
    expect(await writers("1.4.2", { version: "1.5.0" })).toEqual({
      create: "node scripts/run.mjs recreate",
      ignored: [],
    });
  });
});
