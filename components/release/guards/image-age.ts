import { configSetPath, docker } from "../commands";
import { OWN_VERSION } from "../names";
import type { PlanContext } from "../plan-context";
import { duration } from "../units";

const OLD_SECONDS = 90 * 86_400;

/** Builds that can be repeated give their images the date of long ago, or none. */
const FIRST_DATE = Date.parse("2015-01-01T00:00:00Z") / 1000;

/** What is on the host is never fetched again by itself: PostgreSQL and Caddy would be those of the first day for ever. */
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

/** By the clock of the Docker host, in seconds; undefined where the image does not say when it was made. */
function ageOf(created: string | undefined, clock: number | undefined): number | undefined {
  const made = Date.parse(created ?? "") / 1000;
  return clock === undefined || Number.isNaN(made) || made < FIRST_DATE ? undefined : clock - made;
}
