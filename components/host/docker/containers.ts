import type { DockerClient } from "./client";
import { leavesNoCore } from "./hardening";
import { LABEL } from "../../release/names";
import type { RunningContainer } from "../../release/facts";
import { SUPERUSER } from "../../release/names";

/** The containers of a stack, running or not, found by their labels. One that goes meanwhile is none of them. */
export async function containersOf(docker: DockerClient, stack: string): Promise<RunningContainer[]> {
  const format = `{{.ID}}\t{{.Names}}\t{{.Label "${LABEL}.role"}}\t{{.Label "${LABEL}.version"}}\t{{.State}}`;
  const filter = `label=${LABEL}.stack=${stack}`;
  const listed = await docker.run(["ps", "--all", "--no-trunc", "--filter", filter, "--format", format]);
  const rows = listed
    .trim()
    .split("\n")
    .filter(Boolean)
    .map((line) => line.split("\t"));
  const details = await detailsOf(
    docker,
    rows.map(([id = ""]) => id),
  );
  return rows.flatMap(([id = "", name = "", role = "", version = "", state = ""]) => {
    const known = details.get(id);
    return known === undefined ? [] : [{ id, name, role, version, ...known, state, running: state === "running" }];
  });
}

/** Runs, or will by itself: one that dies and is started again by its policy is `restarting` in between. */
export function isUp({ state }: RunningContainer): boolean {
  return !["exited", "created", "dead"].includes(state);
}

interface Inspected {
  readonly Id: string;
  readonly Image: string;
  readonly Config?: { readonly Env?: readonly string[] | null };
  readonly HostConfig?: {
    readonly ReadonlyRootfs?: boolean;
    readonly Ulimits?: readonly { readonly Name: string; readonly Hard: number }[] | null;
    readonly LogConfig?: { readonly Type: string; readonly Config?: Readonly<Record<string, string>> | null };
  };
  readonly NetworkSettings?: {
    readonly Ports?: Readonly<Record<string, readonly { readonly HostIp: string }[] | null>> | null;
    readonly Networks?: Readonly<Record<string, unknown>> | null;
  };
}

/** Every proxy of ours publishes it. */
const HTTP_PORT = "80/tcp";

const AS_SUPERUSER = `DATABASE_URL=postgres://${SUPERUSER}:`;

/** By id of the container. */
async function detailsOf(docker: DockerClient, ids: readonly string[]) {
  const inspected = (await docker.inspectAll(ids)) as Inspected[];
  const details = inspected.map(({ Id, Image, Config, HostConfig, NetworkSettings }) => {
    const log = HostConfig?.LogConfig && {
      driver: HostConfig.LogConfig.Type,
      options: HostConfig.LogConfig.Config ?? {},
    };
    const published = NetworkSettings?.Ports?.[HTTP_PORT]?.map(({ HostIp }) => HostIp) ?? [];
    const addresses = published.length > 0 && { addresses: published };
    const networks = NetworkSettings?.Networks && { networks: Object.keys(NetworkSettings.Networks) };
    const noCore = leavesNoCore(HostConfig?.Ulimits ?? []);
    const readOnly = HostConfig?.ReadonlyRootfs === true;
    const asSuperuser = Config?.Env?.some((entry) => entry.startsWith(AS_SUPERUSER)) === true;
    return [
      Id,
      { imageId: Image, ...(log && { log }), ...addresses, ...networks, noCore, readOnly, asSuperuser },
    ] as const;
  });
  return new Map(details);
}
