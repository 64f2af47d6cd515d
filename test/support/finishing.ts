import { endOnSignal, toItsEnd } from "../../components/host/interruption";

const wait = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** A program that a signal ends. With `at-work`, it first finishes its work. It prints where it is. */
async function program(): Promise<void> {
  endOnSignal(() => {
    console.log("released");
  });
  if (process.argv.includes("at-work"))
    await toItsEnd(async () => {
      console.log("working");
      await wait(100);
      console.log("half done");
      await wait(100);
      console.log("done");
    });
  else console.log("working");
  await wait(60_000);
}

void program();
