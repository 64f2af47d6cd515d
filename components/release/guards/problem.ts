/** Why an update is refused, in words with which an operator can continue without reading the code. */
export interface GuardProblem {
  /** What is wrong, in one line. */
  readonly title: string;
  readonly why: string;
  /** What to do, one line each: commands to type, or alternatives. */
  readonly fix: readonly string[];
}
