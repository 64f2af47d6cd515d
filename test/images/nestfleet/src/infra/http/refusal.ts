/** An answer that says why a request cannot be served. */
export class Refusal extends Error {
  public constructor(
    public readonly status: number,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
