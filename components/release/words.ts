/** Somebody else's words, however many lines they have, inside a sentence of ours. */
export function oneLine(text: string): string {
  return text.trim().replace(/\s+/g, " ");
}
