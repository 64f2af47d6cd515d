/** A string of JSON, or a number outside of one. */
const TOKEN = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

/**
 * JSON.parse, but a number that this language cannot hold exactly (a long id) becomes the text that it was. Undefined
 * where the text is no JSON.
 */
export function parseExactly(text: string): unknown {
  const exact = text.replace(TOKEN, (token) =>
    token.startsWith('"') || isExact(token) ? token : JSON.stringify(token),
  );
  try {
    return JSON.parse(exact) as unknown;
  } catch {
    return undefined;
  }
}

/** As the engine writes it: `1e+21` is what it has of the number, whatever was typed. */
function isExact(token: string): boolean {
  return !/^-?\d+$/.test(token) || String(Number(token)) === token || token === "-0";
}
