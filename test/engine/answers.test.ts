import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { expectSettled, expectUp, upUnderLoad } from "../support/expectations";
import { Flood, FLOOD_REQUESTS } from "../support/flood";
import { planned } from "../support/planned";
import { REHEARSAL } from "../support/scale";
import { TestStack } from "../support/stack";

const stack = new TestStack("test-answers", 18380);
const TIMEOUT_SECONDS = 12;
/** Of one question from outside. */
const LIMIT_SECONDS = 10;
/** From the cutover on until a release that serves is found out, and requests are with the one before again. */
const BACK_SECONDS = 5 + LIMIT_SECONDS + 10;

beforeAll(async () => {
  await stack.create({ version: "1.5.1", rehearsal: REHEARSAL, "health.timeoutSeconds": String(TIMEOUT_SECONDS) });
  await expectUp(stack);
});

afterAll(async () => {
  await stack.dispose();
});

describe("a release that accepts requests and does not answer them", () => {
  test("1.6.4, which never does, is refused as candidate in time; nobody else notices", async () => {
    const { up, report } = await upUnderLoad(stack, "1.6.4");
    expect(up.exitCode, up.output).not.toBe(0);
    expect(up.output).toMatch(/1\.6\.4 is refused: \S+\/health gives no answer: no answer within 10 s/);
    expect(up.output).toMatch(/The requests always went to \S+ and \S+\./);
    expect(report.failed).toEqual([]);
    expect((await stack.history()).at(-1)).toMatchObject({ to: "1.6.4", verdict: "failed" });
    // Backup, rehearsal and two starts beside it; without a limit it would not end at all.
    expect(up.seconds).toBeLessThan(TIMEOUT_SECONDS + LIMIT_SECONDS + 90);
    expect(await stack.answeringVersion()).toBe("1.5.1");
  });

  test("1.6.5, which stops answering when everybody's requests come, gives them back", async () => {
    const { up, report } = await upUnderLoad(stack, "1.6.5");
    expect(up.exitCode, up.output).not.toBe(0);
    expect(up.output).toMatch(/requests go to \S*api/);
    expect(up.output).toMatch(/1\.6\.5 is refused: \S+ gives no answer: no answer within 10 s/);
    expect(up.output).toMatch(/The requests go to \S+ and \S+ again/);
    // Sent while it had them; what was sent later is answered by the release before.
    const hung = report.failed.map(({ at }) => at);
    expect(hung.length).toBeGreaterThan(0);
    expect((Math.max(...hung) - Math.min(...hung)) / 1000).toBeLessThan(BACK_SECONDS);
    expect(await stack.answeringVersion()).toBe("1.5.1");
  });
});

describe("releases that answer with the same constant", () => {
  test("are upgraded like any, with the setting that a refusal names, whatever comes in from outside meanwhile", async () => {
    await stack.configure({ version: "1.8.0", "health.version": "ignore" });
    const flood = new Flood(stack.httpPort);
    await expectUp(stack);
    expect(await flood.stop()).toBeGreaterThan(FLOOD_REQUESTS);
    expect(await stack.outputs()).toMatchObject({ release: "1.8.0", version: "0.1.0" });
    await expectSettled(stack, "0.1.0");
  });

  test("are warned about only when the answers are to be compared again", async () => {
    expect((await planned(stack, { version: "1.8.1" })).text).not.toContain("/health");
    const compared = await planned(stack, { version: "1.8.1", "health.version": "compare" });
    expect(compared.text).toContain("1.8.0 answers 0.1.0 to /health: where that is a constant");
  });
});
