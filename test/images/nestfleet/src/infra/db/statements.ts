// Quoted text, dollar-quoted bodies and comments, where a semicolon does not end a statement.
const token = /--[^\n]*|\/\*[\s\S]*?\*\/|'(?:[^']|'')*'|"(?:[^"]|"")*"|\$(\w*)\$[\s\S]*?\$\1\$|;/g;

/**
 * The statements of a migration outside a transaction are sent one by one: several in one message
 * are one transaction to PostgreSQL, in which neither CONCURRENTLY nor COMMIT is allowed.
 */
export function statements(sql: string): string[] {
  const found: string[] = [];
  let start = 0;
  for (const match of sql.matchAll(token)) {
    if (match[0] !== ";") continue;
    found.push(sql.slice(start, match.index));
    start = match.index + 1;
  }
  found.push(sql.slice(start));
  return found.map((statement) => statement.trim()).filter(hasCode);
}

function hasCode(statement: string): boolean {
  return statement.replace(/--[^\n]*|\/\*[\s\S]*?\*\//g, "").trim() !== "";
}
