import { expect, test } from "vitest";
import type { HostFacts } from "../../../../components/release/facts";
import { plan } from "../../../../components/release/plan";
import type { PlanSettings } from "../../../../components/release/plan-context";
import { asked, container, host, imageOf } from "../facts";

const PINNED = `sha256:${"a".repeat(64)}`;
const PRESENT = `sha256:${"b".repeat(64)}`;
const API = "ghcr.io/nestfleet/nestfleet-api";
const CONSOLE = "ghcr.io/nestfleet/nestfleet-console";

function problems(
  digests: PlanSettings["images"]["digests"],
  images: HostFacts["images"],
  facts: Partial<HostFacts> = {},
  settings: Partial<PlanSettings> = {},
) {
  const found = host("1.4.2", "1.5.0", { facts: { images, ...facts } });
  const pinned = { ...settings, images: { ...(settings.images ?? asked("1.5.0").images), digests } };
  return plan({ stack: "prod", settings: asked("1.5.0", pinned), host: found, last: { version: "1.4.2" } }).problems;
}

test("an image that is not the pinned one is refused, each by its role, with both ways out", () => {
  const other = { id: "sha256:1", digests: [`${CONSOLE}@${PRESENT}`] };
  const set = "pulumi config set --stack prod --path 'nestfleet:images.digests";
  expect(problems({ api: PINNED, console: PINNED }, { api: { id: PRESENT, digests: [] }, console: other })).toEqual([
    {
      title: `${API}:1.5.0 is not the image that is pinned for api`,
      why: "its tag names bbbbbbbbbbbb now; nestfleet:images.digests.api is aaaaaaaaaaaa",
      fix: [
        `pull the pinned image: docker pull ${API}@${PINNED} && docker tag ${API}@${PINNED} ${API}:1.5.0`,
        `or pin the present image, after you have checked where it comes from: ${set}.api' ${PRESENT}`,
      ],
    },
    {
      title: `${CONSOLE}:1.5.0 is not the image that is pinned for console`,
      why: "its tag names bbbbbbbbbbbb now; nestfleet:images.digests.console is aaaaaaaaaaaa",
      fix: [
        `pull the pinned image: docker pull ${CONSOLE}@${PINNED} && docker tag ${CONSOLE}@${PINNED} ${CONSOLE}:1.5.0`,
        `or pin the present image, after you have checked where it comes from: ${set}.console' ${PRESENT}`,
      ],
    },
  ]);
});

test("the commands are for the stack's own host, and of a worker's own repository", () => {
  const images = { ...asked("1.5.0").images, worker: "mirror.example/worker" };
  const dockerHost = "ssh://op@fleet";
  const [told, ...more] = problems(
    { worker: PINNED },
    { worker: { id: PRESENT, digests: [] } },
    {},
    { images, dockerHost },
  );
  expect(more).toEqual([]);
  expect(told?.fix[0]).toBe(
    `pull the pinned image: docker --host ${dockerHost} pull mirror.example/worker@${PINNED} && docker --host ${dockerHost} tag mirror.example/worker@${PINNED} mirror.example/worker:1.5.0`,
  );
});

test("a pin of the running release is reported as such, and its image does not get another tag", () => {
  const running = imageOf("1.4.2");
  const named = { api: { id: "sha256:1", digests: [`${API}@${PRESENT}`] } };
  const [told] = problems({ api: PINNED }, named, { digestsRunning: { [running]: [`${API}@${PINNED}`] } });
  expect(told?.why).toBe(
    "its tag names bbbbbbbbbbbb now; nestfleet:images.digests.api is aaaaaaaaaaaa, the image of the running 1.4.2",
  );
  expect(told?.fix).toEqual([
    `pin the image of 1.5.0, after you have checked where it comes from: pulumi config set --stack prod --path 'nestfleet:images.digests.api' ${PRESENT}`,
    "or stay: pulumi config set --stack prod nestfleet:version 1.4.2",
  ]);
  const stopped = { containers: [container("api", "1.4.2", { running: false, imageId: PINNED })] };
  expect(problems({ api: PINNED }, named, stopped).find(({ why }) => why.includes("1.4.2"))).toBeUndefined();
});

test("a moved tag is reported as well, although an image that is not the pinned one is not inspected", () => {
  const found = host("1.5.0", "1.5.0", { facts: { images: { api: { id: PRESENT, digests: [] } }, target: undefined } });
  const images = { ...asked("1.5.0").images, digests: { api: PINNED } };
  const { problems: told } = plan({
    stack: "prod",
    settings: asked("1.5.0", { images }),
    host: found,
    last: { version: "1.5.0" },
  });
  expect(told.map(({ title }) => title)).toEqual([
    `${API}:1.5.0 is not the image that is pinned for api`,
    "the tag 1.5.0 was moved to another image",
  ]);
});

test.each<[string, HostFacts["images"]]>([
  ["if the pin is its digest in a registry", { api: { id: "sha256:1", digests: [`mirror.example/api@${PINNED}`] } }],
  ["if the pin is its id", { api: { id: PINNED, digests: [] } }],
  ["if it is not on the host, which is another problem", {}],
  ["without the Docker host", undefined],
])("an image is accepted %s", (_, images) => {
  expect(problems({ api: PINNED }, images)).toEqual([]);
});
