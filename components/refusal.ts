import * as pulumi from "@pulumi/pulumi";

/**
 * The error that ends the program with a message for the operator, before the first resource is registered: nothing was
 * touched. A RunError is printed without its stack, but the SDK has `util.inspect` colour that all the same, and Node 20
 * cannot end a line of a stack that ends within a scope of node_modules (`node_modules/@pulumi/resource.ts`, as the SDK's
 * source maps have it): ten seconds and a gigabyte of string, for nothing. So it has none.
 */
export function refusal(message: string): pulumi.RunError {
  const error = new pulumi.RunError(message);
  error.stack = message;
  return error;
}
