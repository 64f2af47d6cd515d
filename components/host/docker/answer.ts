import { DockerError } from "./client";

/** What Docker answered, or what stands for "not known" when it could not: containers come and go while one looks. */
export function answerOr<T, U>(asked: Promise<T>, unknown: U): Promise<T | U> {
  return asked.catch((error: unknown) => {
    if (error instanceof DockerError || error instanceof SyntaxError) return unknown;
    throw error;
  });
}
