import { expect, test } from "vitest";
import * as names from "../../../components/release/names";

test("the names of a stack are what stacks have on their hosts: none of them may change", () => {
  expect(names.namesOf("prod")).toEqual({
    prefix: "nestfleet-prod",
    containers: {
      postgres: "nestfleet-prod-postgres",
      api: "nestfleet-prod-api",
      worker: "nestfleet-prod-worker",
      console: "nestfleet-prod-console",
      caddy: "nestfleet-prod-caddy",
    },
    networks: { front: "nestfleet-prod", back: "nestfleet-prod-back" },
    volumes: {
      postgres: "nestfleet-prod-postgres",
      backups: "nestfleet-prod-backups",
      "caddy-data": "nestfleet-prod-caddy-data",
      "caddy-config": "nestfleet-prod-caddy-config",
      lock: "nestfleet-prod-lock",
    },
    images: { api: "nestfleet-prod-api", console: "nestfleet-prod-console" },
    throwaways: {
      rehearsal: "nestfleet-prod-rehearsal",
      drill: "nestfleet-prod-drill",
      trial: "nestfleet-prod-trial",
    },
  });
});

test("names that are made for an occasion, and those that stand for all stacks", () => {
  expect(names.interimName({ stack: "prod", moment: "20261124t080102z", role: "api" })).toBe(
    "nestfleet-prod-restored-20261124t080102z-api",
  );
  expect(names.lookName("1a2b3c4d")).toBe("nestfleet-look-1a2b3c4d");
  expect(names.sessionName("backup")).toBe("nestfleet-backup");
  expect(names.LABELS).toEqual({
    stack: "org.nestfleet.stack",
    role: "org.nestfleet.role",
    version: "org.nestfleet.version",
    requiredStops: "org.nestfleet.required-stops",
    lock: "org.nestfleet.lock",
    relay: "org.nestfleet.relay",
  });
  expect([names.SUPERUSER, names.APPLICATION_ROLE, names.LOADER]).toEqual([
    "nestfleet",
    "nestfleet_app",
    "nestfleet_restore",
  ]);
  expect([names.DATABASE, names.RESTORING, names.REPLACED_PREFIX]).toEqual([
    "nestfleet",
    "nestfleet_restoring",
    "nestfleet_replaced_",
  ]);
});

test("a temporary container is recognized by its name, which Pulumi could not have given", () => {
  expect(names.isInterim("nestfleet-prod-restored-20261124t080102z-api")).toBe(true);
  expect(names.isInterim("nestfleet-prod-api-0a1b2c3")).toBe(false);
});

test.each([
  [{ name: "nestfleet-prod" }, "prod"],
  [{ name: "nestfleet-prod-caddy", role: "caddy" }, "prod"],
  [{ name: "nestfleet-nestfleet-caddy", role: "caddy" }, "nestfleet"],
  [{ name: "nestfleet-caddy-caddy", role: "caddy" }, "caddy"],
  [{ name: "nestfleet-prod-caddy" }, "prod-caddy"],
] as const)("the stack of %j", (fixed, stack) => {
  expect(names.stackIn(fixed)).toBe(stack);
});

test("every service has its place in each list", () => {
  expect([...names.RELEASED, ...names.OWN_VERSION]).toEqual(names.ROLES);
  expect(names.UPDATE_ORDER.toSorted()).toEqual(names.ROLES.toSorted());
  expect(names.WRITERS.every((role) => names.isOneOf(names.ON_BACK_NETWORK, role))).toBe(true);
  expect(Object.keys(names.UPSTREAM_PORTS)).toEqual(names.UPSTREAMS);
  expect(names.ROLES.filter((role) => names.isReleased(role))).toEqual(["api", "worker", "console"]);
});
