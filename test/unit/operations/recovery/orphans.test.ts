import { expect, test } from "vitest";
import { interrupted, orphansOf } from "../../../../components/operations/recovery/orphans";

const CONTAINER = "docker:index/container:Container";
const urn = (type: string, name: string) => `urn:pulumi:prod::nestfleet::nestfleet:index:NestFleet$${type}::${name}`;
const pending = (operation: string, name: string, type = CONTAINER) => ({
  type: operation,
  resource: { urn: urn(type, name), type },
});

test("only a container that was being created may be an orphan", () => {
  expect(
    interrupted([
      pending("creating", "nestfleet-prod-api"),
      pending("deleting", "nestfleet-prod-caddy"),
      pending("creating", "nestfleet-prod-backup", "command:local:Command"),
    ]),
  ).toEqual(["nestfleet-prod-api"]);
});

test("orphans have the name of a resource, are not in the state, and do not belong to a rehearsal", () => {
  const containers = [
    { id: "1", name: "nestfleet-prod-api-1a2b3c4", role: "api" },
    { id: "2", name: "nestfleet-prod-api-5d6e7f8", role: "api" },
    { id: "3", name: "nestfleet-prod-api-rehearsal", role: "rehearsal" },
    { id: "4", name: "nestfleet-prod-worker-10-9a8b7c6", role: "worker" },
    { id: "5", name: "nestfleet-prod-postgres", role: "postgres" },
  ];
  const names = ["nestfleet-prod-api", "nestfleet-prod-worker-1", "nestfleet-prod-postgres"];
  expect(orphansOf(containers, names, new Set(["2", undefined])).map(({ id }) => id)).toEqual(["1", "5"]);
});
