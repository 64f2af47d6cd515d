import { expect, test } from "vitest";
import { generatedSecrets, otherPrefix, outputsIn, protectedNames } from "../../components/state";

const state = [
  { type: "pulumi:pulumi:Stack", name: "nestfleet-prod", outputs: { release: "1.4.2" } },
  { type: "nestfleet:index:NestFleet", name: "nestfleet-prod", outputs: {} },
  { type: "docker:index/container:Container", name: "nestfleet-prod-postgres", outputs: {} },
  { type: "docker:index/volume:Volume", name: "nestfleet-prod-backups", outputs: {} },
  { type: "random:index/randomPassword:RandomPassword", name: "nestfleet-prod-jwt-secret", outputs: { result: "abc" } },
  {
    type: "random:index/randomBytes:RandomBytes",
    name: "nestfleet-prod-secret-encryption-key",
    outputs: { hex: "0f" },
  },
];

test("volumes and secrets are protected, not a container of the same name as a volume", () => {
  expect(protectedNames(state)).toEqual([
    "nestfleet-prod-backups",
    "nestfleet-prod-jwt-secret",
    "nestfleet-prod-secret-encryption-key",
  ]);
});

test("what was generated is known by its name, the rest is not", () => {
  expect(generatedSecrets(state, "prod")).toEqual({ jwtSecret: "abc", secretEncryptionKey: "0f" });
  expect(generatedSecrets(state, "other")).toEqual({});
});

test("an encryption key is found under either name, that of an older program first", () => {
  const key = { type: "random:index/randomPassword:RandomPassword", name: "nestfleet-prod-encryption-key" };
  const newer = { ...key, outputs: { result: "1e" } };
  expect(generatedSecrets([newer], "prod")).toEqual({ secretEncryptionKey: "1e" });
  expect(generatedSecrets([newer, ...state], "prod")["secretEncryptionKey"]).toBe("0f");
});

test("the stack's own outputs are not those of another resource; a new stack has none", () => {
  expect(outputsIn([...state].reverse())).toEqual({ release: "1.4.2" });
  expect(outputsIn([])).toEqual({});
});

test("a stack that was renamed is known by the prefix of what it has", () => {
  expect(otherPrefix(state, "nestfleet-prod")).toBeUndefined();
  expect(otherPrefix([], "nestfleet-prod")).toBeUndefined();
  expect(otherPrefix(state, "nestfleet-production")).toBe("nestfleet-prod");
});
