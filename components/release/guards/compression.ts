import { configSetPath } from "../commands";
import type { OtherImage } from "../facts";
import type { PlanContext } from "../plan-context";
import type { GuardProblem } from "./problem";

/**
 * True where the image that runs can read values that were compressed with lz4, and the other one cannot. A rollback
 * stores large values so, and so may the server's own settings. Such a value is not lost on the other image, but each
 * query that reads it fails.
 */
export function losesLz4({ role, running, wanted }: OtherImage): boolean {
  return role === "postgres" && running.readsLz4 === true && wanted.readsLz4 === false;
}

/** Without the library, PostgreSQL starts and answers, and fails at the first compressed value that it has to read. */
export function compressionUnreadable({ facts, settings, stack }: PlanContext): GuardProblem | undefined {
  const other = facts?.otherImages?.find((one) => !one.moved && losesLz4(one));
  if (other === undefined) return undefined;
  const running = facts?.containers.find(({ role }) => role === "postgres")?.version;
  return {
    title: `${settings.images.postgres} cannot read values that are compressed with lz4`,
    why: "the running image can, so the database may contain such values; each query that reads one would fail",
    fix: [
      `name an image whose PostgreSQL is built with lz4, as the official ones are: ${configSetPath(stack, "images.postgres", "IMAGE")}`,
      ...(running === undefined ? [] : [`or stay: ${configSetPath(stack, "images.postgres", running)}`]),
    ],
  };
}
