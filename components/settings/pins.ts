import { z } from "zod";
import { configRm, configRmPath, configSetPath } from "../release/commands";
import type { ConfigProblem } from "./problem";

const DIGESTS = "images.digests";
const WORKER = "images.worker";

/** The keys as they are given: a problem of one key does not hide that two keys do not fit together. */
const asked = z.object({
  source: z.unknown().optional(),
  images: z.object({ worker: z.unknown().optional(), digests: z.record(z.string(), z.unknown()) }),
});

/** Reports pins that cannot apply: pins of images that are built here, and of a worker without an image of its own. */
export function pinProblems(config: Readonly<Record<string, unknown>>, stack: string): ConfigProblem[] {
  const { success, data } = asked.safeParse(config);
  if (!success || Object.keys(data.images.digests).length === 0) return [];
  const { source, images } = data;
  if (source !== undefined && source !== "")
    return [
      {
        path: `nestfleet:${DIGESTS}`,
        value: "given, and nestfleet:source is, too",
        rule: "left out where the images are built: each build of the same source has another digest",
        fix: `${configRmPath(stack, DIGESTS)}    # or ${configRm(stack, "source")}`,
      },
    ];
  if (images.digests["worker"] === undefined || images.worker !== undefined) return [];
  return [
    {
      path: `nestfleet:${DIGESTS}.worker`,
      value: `given, and nestfleet:${WORKER} is not`,
      rule: `left out where the worker runs the api image, which ${DIGESTS}.api pins`,
      fix: `${configRmPath(stack, `${DIGESTS}.worker`)}    # or ${configSetPath(stack, WORKER, "REPOSITORY")}`,
    },
  ];
}
