import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { expectServesOrSettled, expectUp, upUnderLoad } from "../support/expectations";
import { Flood, FLOOD_REQUESTS } from "../support/flood";
import { planned } from "../support/planned";
import { REHEARSAL } from "../support/scale";
import { TestStack } from "../support/stack";

const stack = new TestStack("test-answers", 18380);
const TIMEOUT_SECONDS = 12;
/** The time limit of one check through the published ports. */
const LIMIT_SECONDS = 10;
/** The time from the cutover until the fault is noticed and the requests go to the old release again. */
const BACK_SECONDS = 5 + LIMIT_SECONDS + 10;

beforeAll(async () => {
  await stack.create({ version: "1.5.1", rehearsal: REHEARSAL, "health.timeoutSeconds": String(TIMEOUT_SECONDS) });
  await expectUp(stack);
});

afterAll(async () => {
  await stack.dispose();
});

describe("a release that accepts requests and does not answer them", () => {
  test("1.6.4, which never answers, is rejected as a candidate in time, and no user request fails", async () => {
    const { up, report } = await upUnderLoad(stack, "1.6.4");
    expect(up.exitCode, up.output).not.toBe(0);
    expect(up.output).toMatch(/1\.6\.4 is refused: \S+\/health gives no answer: no answer within 10 s/);
    expect(up.output).toMatch(/The requests always went to \S+ and \S+\./);
    expect(report.failed).toEqual([]);
    expect((await stack.history()).at(-1)).toMatchObject({ to: "1.6.4", verdict: "failed" });
    // The time includes backup, rehearsal and two starts. Without the limit of a check, the update would never end.
    expect(up.seconds).toBeLessThan(TIMEOUT_SECONDS + LIMIT_SECONDS + 90);
    expect(await stack.answeringVersion()).toBe("1.5.1");
  });

  test("1.6.5 stops answering when it gets user requests, and they go back to the old release", async () => {
    const { up, report } = await upUnderLoad(stack, "1.6.5");
    expect(up.exitCode, up.output).not.toBe(0);
    expect(up.output).toMatch(/requests go to \S*api/);
    expect(up.output).toMatch(/1\.6\.5 is refused: \S+ gives no answer: no answer within 10 s/);
    expect(up.output).toMatch(/The requests go to \S+ and \S+ again/);
    // These were sent while 1.6.5 received the requests. Later ones are answered by the old release.
    const hung = report.failed.map(({ at }) => at);
    expect(hung.length).toBeGreaterThan(0);
    expect((Math.max(...hung) - Math.min(...hung)) / 1000).toBeLessThan(BACK_SECONDS);
    expect(await stack.answeringVersion()).toBe("1.5.1");
  });
});

describe("releases that answer with the same constant", () => {
  test("are upgraded like any, with the setting that a refusal names, also during a flood of requests", async () => {
    await stack.configure({ version: "1.8.0", "health.version": "ignore" });
    const flood = new Flood(stack.httpPort);
    await expectUp(stack);
    expect(await flood.stop()).toBeGreaterThan(FLOOD_REQUESTS);
    expect(await stack.outputs()).toMatchObject({ release: "1.8.0", version: "0.1.0" });
    await expectServesOrSettled(stack, "0.1.0");
  });

  test("are warned about only when the answers are to be compared again", async () => {
    expect((await planned(stack, { version: "1.8.1" })).text).not.toContain("/health");
    const compared = await planned(stack, { version: "1.8.1", "health.version": "compare" });
    expect(compared.text).toContain("1.8.0 answered /health with the version 0.1.0");
  });
});
