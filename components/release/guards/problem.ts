/** Why an update is refused, told so that a person at 2 a.m. can go on without reading the code. */
export interface GuardProblem {
  /** What is wrong, in one line. */
  readonly title: string;
  readonly why: string;
  /** What to do, one line each: commands to type, or the choice between them. */
  readonly fix: readonly string[];
}
