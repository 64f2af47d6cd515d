/** The fields of a case that the console needs, as the api sends them. */
export interface CaseLine {
  readonly id: string;
  readonly title: string;
  readonly priority: string;
  readonly assignee?: string;
  readonly createdAt: string;
  readonly processedAt: string | null;
}

export interface Overview {
  readonly count: number;
  readonly cases: readonly CaseLine[];
}

const shown = 20;

export async function fetchOverview(api: string): Promise<Overview> {
  const [{ count }, { cases }] = await Promise.all([
    get<{ count: number }>(api, "/api/cases/count"),
    get<{ cases: CaseLine[] }>(api, `/api/cases?limit=${shown}`),
  ]);
  return { count, cases };
}

async function get<Body>(api: string, path: string): Promise<Body> {
  const response = await fetch(new URL(path, api), { signal: AbortSignal.timeout(5_000) });
  if (!response.ok) throw new Error(`${path} answered ${response.status}`);
  return (await response.json()) as Body;
}
