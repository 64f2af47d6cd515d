import { expect, test } from "vitest";
import { ALL_LIMITS, heldLimits } from "../../../../components/release/containers/limits";

test.each([
  ["a usual host", ALL_LIMITS, { memory: 512, memorySwap: 512, cpus: "1.5" }],
  ["no swap limit support", { ...ALL_LIMITS, swap: false }, { memory: 512, memorySwap: -1, cpus: "1.5" }],
  ["no memory limit support", { memory: false, swap: false, cpus: true }, { cpus: "1.5" }],
  ["no CPU quota support", { ...ALL_LIMITS, cpus: false }, { memory: 512, memorySwap: 512 }],
])("the program sends the value that Docker will store: %s", (_, support, held) => {
  expect(heldLimits({ memory: 512, cpus: 1.5 }, support)).toEqual(held);
});

test("without a limit nothing is sent", () => {
  expect(heldLimits({}, ALL_LIMITS)).toEqual({});
  expect(heldLimits({}, { memory: false, swap: false, cpus: false })).toEqual({});
});
