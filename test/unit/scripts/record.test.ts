import { describe, expect, test } from "vitest";
import { reasonIn } from "../../../scripts/lib/record";

describe("the reason of a refusal, on one line", () => {
  test("is the first line of the report", () => {
    expect(reasonIn("api is not healthy: it exited with code 3.\nWhat runs now:\n  nothing")).toBe(
      "api is not healthy: it exited with code 3.",
    );
  });

  test("with what it quotes, and without what was done about it", () => {
    const report =
      "The rehearsal fails: it said:\n  | error: a row violates it\n  | detail: which.\nNext: mend it.\n  | x";
    expect(reasonIn(report)).toBe("The rehearsal fails: it said: error: a row violates it detail: which.");
  });
});
