import { expect, test } from "vitest";
import { duration, size } from "../../../components/release/units";

test.each([
  [0, "0 B"],
  [0.4, "0.4 B"],
  [999, "1 kB"],
  [1000, "1 kB"],
  [290_123_456, "290 MB"],
  [999_600_000, "1 GB"],
  [1_350_000_000, "1.4 GB"],
  [53_000_000_000, "53 GB"],
  [5e18, "5000 PB"],
])("%d bytes are %s", (bytes, text) => {
  expect(size(bytes)).toBe(text);
});

test.each([
  [0.2, "1 s"],
  [5.4, "5 s"],
  [99, "99 s"],
  [180, "3 min"],
  [7300, "2 h"],
  [400_000, "5 days"],
])("%d seconds are %s", (seconds, text) => {
  expect(duration(seconds)).toBe(text);
});
