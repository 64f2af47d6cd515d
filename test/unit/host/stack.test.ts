import { expect, test } from "vitest";
import { PREVIOUS, UNROUTED, activeFile } from "../../../components/host/routing/files";
import { findStack } from "../../../components/host/stack";
import { CADDY, containers, NEW, OLD, SimulatedHost } from "../../support/simulated-host";

const before = { [PREVIOUS]: `${OLD.api}\n${OLD.console}\n` };
const to = (api: string, console: string) => ({ [activeFile("api")]: api, [activeFile("console")]: console });
const stopped = { [OLD.api]: "exited", [OLD.worker]: "exited" };

test.each<[string, Record<string, string>, Record<string, string>, string]>([
  ["the pointers name", {}, to(NEW.api, NEW.console), "1.5.0"],
  ["requests were held for, though it stands still", stopped, { ...before, ...to(UNROUTED, UNROUTED) }, "1.4.2"],
  ["served before a cutover that has not been judged", stopped, { ...before, ...to(NEW.api, NEW.console) }, "1.4.2"],
])("the release that serves is the one that %s", async (_, states, files, version) => {
  const host = new SimulatedHost(containers(states), files);
  const { api, console } = version === "1.4.2" ? OLD : NEW;
  const found = await findStack(host.docker, "prod");
  expect(found).toMatchObject({ version, images: { api: `sha256:${api}`, console: `sha256:${console}` } });
  expect(found.images["caddy"]).toBe(`sha256:${CADDY}`);
});
