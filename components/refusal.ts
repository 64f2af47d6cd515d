import * as pulumi from "@pulumi/pulumi";
import { printable } from "./release/words";

/**
 * The error that ends the program with a message for the operator, before the first resource is registered. A RunError
 * is printed without its stack, but the SDK still colours the stack with `util.inspect`. With the paths of the SDK's
 * source maps (`node_modules/@pulumi/resource.ts`) Node then runs until it has no more memory for a string, which takes
 * ten seconds and a gigabyte (nodejs/node#64011, pulumi/pulumi#21326). So this error has no stack.
 */
export function refusal(message: string): pulumi.RunError {
  const error = new pulumi.RunError(printable(message));
  error.stack = error.message;
  return error;
}
