import * as pulumi from "@pulumi/pulumi";
import { printable } from "./release/words";

/**
 * The error that ends the program with a message for the operator, before the first resource is registered. A RunError
 * is printed without its stack, but the SDK has `util.inspect` colour the stack all the same, and with the paths that
 * the SDK's source maps give (`node_modules/@pulumi/resource.ts`) Node does not come to an end before it runs out of
 * string: ten seconds and a gigabyte (nodejs/node#64011, pulumi/pulumi#21326). So this one has no stack.
 */
export function refusal(message: string): pulumi.RunError {
  const error = new pulumi.RunError(printable(message));
  error.stack = error.message;
  return error;
}
