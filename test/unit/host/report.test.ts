import { expect, test } from "vitest";
import { nextStep } from "../../../components/host/report";

const UNDO = "Next: fix the cause, or undo the change in the configuration; then run: pulumi up --stack prod";

test.each([
  [
    "an upgrade, the version to go back to",
    { from: "1.4.2", to: "1.5.0" },
    "Next: fix the cause, or set nestfleet:version back to 1.4.2; then run: pulumi up --stack prod",
  ],
  ["an update without a change of release, no version", { from: "1.4.2", to: "1.4.2" }, UNDO],
  ["a first installation, no version", { to: "1.4.2" }, UNDO],
  ["a restore where no release served, no version", { from: null, to: "1.4.2" }, UNDO],
  ["an update whose releases are not known, no version", undefined, UNDO],
])("the closing line names, for %s", (_, change, line) => {
  expect(nextStep("prod", change)).toBe(line);
});
