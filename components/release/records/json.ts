/** Undefined when the text is not valid JSON, such as an incomplete file, or the output of another program. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
