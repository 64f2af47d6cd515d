/** Undefined when the text is no JSON: a torn file, or somebody else's words. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
