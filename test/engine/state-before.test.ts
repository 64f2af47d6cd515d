import { afterAll, beforeAll, expect, test } from "vitest";
import { expectNoChangeAtAll, expectUp } from "../support/expectations";
import { type StateResource, TestStack } from "../support/stack";

const stack = new TestStack("test-before", 18640);
const name = `nestfleet-${stack.name}`;

beforeAll(async () => {
  await stack.create({ version: "1.4.2" });
  await expectUp(stack);
});

afterAll(async () => {
  await stack.dispose();
});

/** Matches the components below NestFleet in a URN, where the types of all parents come before the own type. */
const BELOW = /(?<=nestfleet:index:NestFleet\$)nestfleet:index:\w+\$/;
const isComponent = ({ type }: StateResource) =>
  type.startsWith("nestfleet:index:") && type !== "nestfleet:index:NestFleet";

/** Gives the state that a program without components would have written: all resources are directly under NestFleet. */
function withoutComponents(resources: StateResource[]): StateResource[] {
  const nestFleet = resources.find(({ type }) => type === "nestfleet:index:NestFleet")?.urn;
  const components = new Set(resources.filter(isComponent).map(({ urn }) => urn));
  const flat = (urn: string) => urn.replace(BELOW, "");
  return resources
    .filter((resource) => !isComponent(resource))
    .map(({ parent, dependencies = [], propertyDependencies = {}, ...resource }) => ({
      ...resource,
      urn: flat(resource.urn),
      ...(parent !== undefined && { parent: components.has(parent) && nestFleet !== undefined ? nestFleet : parent }),
      dependencies: dependencies.map(flat),
      propertyDependencies: Object.fromEntries(
        Object.entries(propertyDependencies).map(([key, urns]) => [key, (urns ?? []).map(flat)]),
      ),
    }));
}

test("a state without components gets only the components: no container is replaced, no script runs", async () => {
  const containers = await stack.containers();
  await stack.rewriteState(withoutComponents);
  expect(stack.state()).not.toMatch(/NestFleet\$nestfleet:index:/);
  const parts = ["api", "backup", "caddy", "console", "images", "networks", "postgres", "secrets", "worker-1"];
  const created = parts.map((part) => `create ${name}-${part}`);
  for (const options of [[], ["--refresh"]]) expect(await stack.preview(...options)).toEqual(created);
  const up = await expectUp(stack);
  expect(up.output).toMatch(/9 created\s+\d+ unchanged|9 changes\. \d+ unchanged/);
  expect(up.output).not.toMatch(/updated \(|replaced \(|deleted \(/);
  expect(await stack.containers()).toEqual(containers);
  await expectNoChangeAtAll(stack);
});
