import { Refusal } from "../../components/host/output";
import { undoing } from "../../components/host/undoing";

const wait = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** A script that gets signals while it works and while it undoes its work. It prints where it is. */
void undoing(
  async (signal) => {
    console.log("working");
    for (;;) {
      await wait(20);
      signal.throwIfAborted();
    }
  },
  async ({ error }) => {
    console.log(`undoing: ${(error as Error).message}`);
    await wait(100);
    console.log("half undone");
    await wait(100);
    console.log("undone");
    return new Refusal("");
  },
).catch(() => process.exit(1));
