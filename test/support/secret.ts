/** The mark of a secret in Pulumi. It is visible in a mock and in an exported state. */
const SIGNATURE = { key: "4dabf18193072939515e22adb298388d", value: "1b47061264138c4ac30d75fd1eb44270" };

export function isSecret(value: unknown): boolean {
  return (value as Record<string, unknown> | null | undefined)?.[SIGNATURE.key] === SIGNATURE.value;
}
