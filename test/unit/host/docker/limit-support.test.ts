import { expect, test } from "vitest";
import { limitSupport } from "../../../../components/host/docker/limit-support";
import { ScriptedDocker } from "../../../support/docker";

const told = (info: object) => limitSupport(new ScriptedDocker(() => JSON.stringify(info)));

test("Docker says what the host can limit; if it does not, nothing is assumed to be missing", async () => {
  const info = { MemoryLimit: true, SwapLimit: false, CpuCfsQuota: true, ServerVersion: "20.10.24" };
  expect(await told(info)).toEqual({ memory: true, swap: false, cpus: true });
  expect(await told({ ServerErrors: ["cannot connect"] })).toBeUndefined();
});
