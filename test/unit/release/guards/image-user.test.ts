import { expect, test } from "vitest";
import { plan } from "../../../../components/release/plan";
import { asked, host } from "../facts";

const warned = (user: string | undefined) => {
  const image = { id: "sha256:1", digests: [], user };
  const facts = host("1.5.0", "1.5.0", { facts: { images: { console: image, postgres: image, caddy: image } } });
  return plan({ stack: "prod", settings: asked("1.5.0"), host: facts, last: {} }).warnings;
};

test.each(["", "0", "root", "0:0", "root:node"])(
  "an image of the release that runs as root is warned about: %j",
  (user) => {
    expect(warned(user)).toEqual([
      "the image of console runs as root in its container: give it a USER where it is built",
    ]);
  },
);

test.each([undefined, "1000", "nestfleet", "node:node", "10001:0"])("one with a user of its own is not: %j", (user) => {
  expect(warned(user)).toEqual([]);
});
