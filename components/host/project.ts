import { join } from "node:path";

/** The folder of this project. scripts/run.mjs gives it, because a compiled script lies elsewhere. */
export const PROJECT = process.env["NESTFLEET_PROJECT"] ?? join(__dirname, "../..");
