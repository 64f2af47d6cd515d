import type { IncomingMessage } from "node:http";
import { release } from "../../release";

const LOOPBACK = /^(?:::ffff:)?127\.|^::1$/;

/**
 * Whether this release leaves a request without an answer. The container's own healthcheck, which uses loopback, is
 * always answered, so that only requests through the published ports show the fault.
 */
export function hangs(): (incoming: IncomingMessage) => boolean {
  let begun = release.hangs === "always";
  return ({ method, socket }) => {
    if (release.hangs === undefined || LOOPBACK.test(socket.remoteAddress ?? "")) return false;
    begun ||= method === "POST";
    return begun;
  };
}
