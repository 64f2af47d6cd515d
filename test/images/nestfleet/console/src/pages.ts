import { release } from "../../src/release";
import type { CaseLine, Overview } from "./api";

const style = `
  :root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
  body { max-width: 56rem; margin: 0 auto; padding: 2rem 1rem; }
  header { display: flex; align-items: baseline; gap: 1rem; border-bottom: 1px solid #8884; margin-bottom: 1.5rem; }
  h1 { font-size: 1.4rem; margin: 0 0 .5rem; }
  nav { margin-left: auto; }
  small, .quiet { color: #888; }
  table { width: 100%; border-collapse: collapse; }
  th, td { text-align: left; padding: .5rem .75rem .5rem 0; border-bottom: 1px solid #8883; }
  th { font-weight: 600; font-size: .85rem; }
  td.title { overflow-wrap: anywhere; }`;

function page(title: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} · NestFleet</title>
<style>${style}</style>
</head>
<body>
<header>
  <h1>NestFleet</h1>
  <small>console ${release.version}</small>
  <nav><a href="/">Cases</a> · <a href="/login">Sign in</a></nav>
</header>
<main>
${body}
</main>
</body>
</html>
`;
}

export function casesPage({ count, cases }: Overview): string {
  if (cases.length === 0) {
    return page(
      "Cases",
      `<h2>Cases</h2>\n<p>None yet. <code>POST /api/cases</code> with a <code>title</code> makes one.</p>`,
    );
  }
  return page(
    "Cases",
    `<h2>Cases</h2>
<p class="quiet">${count} in all, the newest ${cases.length} below.</p>
<table>
<thead><tr><th>Title</th><th>Priority</th><th>Assignee</th><th>Created</th><th>Processed</th></tr></thead>
<tbody>
${cases.map(row).join("\n")}
</tbody>
</table>`,
  );
}

function row(line: CaseLine): string {
  const cells = [line.priority, line.assignee ?? "", line.createdAt, line.processedAt ?? "waiting"];
  return `<tr><td class="title">${escape(line.title)}</td>${cells.map((cell) => `<td>${escape(cell)}</td>`).join("")}</tr>`;
}

export function loginPage(): string {
  return page("Sign in", `<h2>Sign in</h2>\n<p>This stand-in has no accounts. <a href="/">Open the cases</a>.</p>`);
}

export function unreachablePage(): string {
  return page(
    "Unavailable",
    `<h2>The api cannot be reached</h2>\n<p>Its state is at <a href="/health">/health</a>.</p>`,
  );
}

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
