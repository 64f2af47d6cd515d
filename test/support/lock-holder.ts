import { appendFileSync } from "node:fs";
import { DockerClient } from "../../components/host/docker/client";
import { takeLock } from "../../components/host/lock";

/**
 * `lock-holder.ts HOST STACK FILE MILLISECONDS`: takes the lock as soon as it is free, appends `+` to the file, keeps
 * the lock for that time, appends `-`, and releases the lock.
 */
async function hold([host = "", stack = "", file = "", milliseconds = ""]: string[]): Promise<void> {
  const docker = new DockerClient(host);
  for (;;) {
    const taken = await takeLock(docker, stack);
    if (!("release" in taken)) continue;
    appendFileSync(file, "+");
    await new Promise((resolve) => setTimeout(resolve, Number(milliseconds)));
    appendFileSync(file, "-");
    taken.release();
    return;
  }
}

void hold(process.argv.slice(2));
