import { expect, test } from "vitest";
import { cpuShare, goDuration, isTold } from "../../../../components/release/containers/canonical";

test.each([
  [0, "0s"],
  [5, "5s"],
  [60, "1m0s"],
  [90, "1m30s"],
  [3600, "1h0m0s"],
  [3661, "1h1m1s"],
])("%d seconds are %s in Go", (seconds, spelled) => {
  expect(goDuration(seconds)).toBe(spelled);
});

test.each([
  [1, "1.0"],
  [0.5, "0.5"],
  [1.25, "1.25"],
  [10, "10."],
  [101, "101."],
  [0.015, "0.015"],
])("%d CPUs are %s", (cpus, spelled) => {
  expect(cpuShare(cpus)).toBe(spelled);
  expect(isTold(cpus)).toBe(true);
});

test.each([0.05, 10.05, 100.25, 1 / 3])("the provider does not read back %d CPUs", (cpus) => {
  expect(isTold(cpus)).toBe(false);
});
