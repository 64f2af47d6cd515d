import type { StateResource } from "./stack";

/** Matches the components below NestFleet in a URN, where the types of all parents come before the own type. */
const BELOW = /(?<=nestfleet:index:NestFleet\$)nestfleet:index:\w+\$/;
const isComponent = ({ type }: StateResource) =>
  type.startsWith("nestfleet:index:") && type !== "nestfleet:index:NestFleet";

/** Gives the state that a program without components would have written: all resources are directly under NestFleet. */
export function withoutComponents(resources: StateResource[]): StateResource[] {
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
