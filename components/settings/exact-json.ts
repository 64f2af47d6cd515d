/** A JSON string, or a number outside of a string. */
const TOKEN = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

/**
 * Parses JSON like JSON.parse, but a number that JavaScript cannot hold exactly (a long id) becomes its text. Undefined
 * where the text is not valid JSON.
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

/** Whether JavaScript holds a number exactly. `1e+21` counts as exact: Pulumi writes it so, whatever was typed. */
function isExact(token: string): boolean {
  return !/^-?\d+$/.test(token) || String(Number(token)) === token || token === "-0";
}
