import { configSetPath, docker } from "../commands";
import { OWN_VERSION } from "../names";
import type { PlanContext } from "../plan-context";
import { duration } from "../units";

const OLD_SECONDS = 90 * 86_400;

/** Reproducible builds date their images long ago, or not at all. */
const FIRST_DATE = Date.parse("2015-01-01T00:00:00Z") / 1000;

/**
 * An image on the host is never pulled again by itself, so PostgreSQL and Caddy would stay at the version of the first
 * day.
 */
export function imagesOld({ facts, settings, stack }: PlanContext): string[] {
  return OWN_VERSION.flatMap((role) => {
    const age = ageOf(facts?.images?.[role]?.created, facts?.clock);
    if (age === undefined || age <= OLD_SECONDS) return [];
    const { [role]: reference } = settings.images;
    const newer = configSetPath(stack, `images.${role}`, "IMAGE");
    const next = reference.includes("@")
      ? `its digest is in the config: ${newer}`
      : `${docker(settings.dockerHost, `pull ${reference}`)} gets the image that the tag names today, and the next preview says what that means; if it is the same image, ${newer}`;
    return [
      `the image of ${role}, ${reference}, was made ${duration(age)} ago, and security fixes come only with a newer one: ${next}`,
    ];
  });
}

/** The age in seconds by the clock of the Docker host; undefined where the image does not say when it was made. */
function ageOf(created: string | undefined, clock: number | undefined): number | undefined {
  const made = Date.parse(created ?? "") / 1000;
  return clock === undefined || Number.isNaN(made) || made < FIRST_DATE ? undefined : clock - made;
}
