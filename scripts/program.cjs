// Pulumi starts this file as the program. It loads index.ts, compiled. Pulumi itself would load each of its hundreds of
// files through ts-node, at every preview.
const { RunError } = require("@pulumi/pulumi");

module.exports = async () => {
  const { CompileError, load } = await import("./compile.mjs");
  const program = await load("index.ts").catch((error) => {
    throw error instanceof CompileError ? withoutStack(new RunError(error.message)) : error;
  });
  return program();
};

/** See components/refusal.ts. */
function withoutStack(error) {
  error.stack = error.message;
  return error;
}
