import type { IncomingMessage } from "node:http";
import { release } from "../../release";

const LOOPBACK = /^(?:::ffff:)?127\.|^::1$/;

/**
 * Says of each request whether this release leaves it without an answer. The container's own healthcheck, which comes
 * over loopback, is always answered: so the fault shows from outside alone.
 */
export function hangs(): (incoming: IncomingMessage) => boolean {
  let begun = release.hangs === "always";
  return ({ method, socket }) => {
    if (release.hangs === undefined || LOOPBACK.test(socket.remoteAddress ?? "")) return false;
    begun ||= method === "POST";
    return begun;
  };
}
