import { inspect } from "node:util";
import * as pulumi from "@pulumi/pulumi";
import { expect, test } from "vitest";
import { refusal } from "../../components/refusal";

test("a refusal says its message and nothing of where it was thrown", () => {
  const error = refusal("nothing was touched\n  because");
  expect(pulumi.RunError.isInstance(error)).toBe(true);
  expect(error.message).toBe("nothing was touched\n  because");
  expect(inspect(error, { colors: true })).not.toContain("node_modules");
});
