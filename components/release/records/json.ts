/** Undefined when the text is not valid JSON: a torn file, or another program's words. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
