import { spawn } from "node:child_process";
import { createHash, type Hash } from "node:crypto";
import { once } from "node:events";
import { createReadStream, createWriteStream } from "node:fs";
import { open, stat } from "node:fs/promises";
import { type Readable, Transform, type Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { childEnvironment } from "../../host/child-environment";
import type { Database } from "../../host/database/database";
import { Refusal } from "../../host/output";

/** What was read or written. */
interface Content {
  readonly bytes: number;
  readonly sha256: string;
}

/** Copies a file out of the database's container, through the docker client, and flushes it to the disk. */
export async function fetchFile(database: Database, from: string, to: string, signal: AbortSignal): Promise<Content> {
  const client = start(database, ["exec", database.container, "cat", from], signal);
  const file = createWriteStream(to, { flags: "wx", mode: 0o600 });
  const content = measured();
  await ended(client, pipeline(client.stdout, content.stream, file, { signal }));
  await synced(to);
  return content.result();
}

/** Copies a file into the container. If it ends early, the incomplete file has a name that does not count as a backup. */
export async function sendFile(database: Database, from: string, to: string, signal: AbortSignal): Promise<void> {
  const write = ["exec", "-i", database.container, "sh", "-euc", 'umask 077; cat >"$1"', "-", to];
  const client = start(database, write, signal);
  await ended(client, pipeline(createReadStream(from), client.stdin, { signal }).catch(unlessUnread));
}

export async function contentOf(file: string, signal: AbortSignal): Promise<Content> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(file), hash, { signal });
  return { bytes: (await stat(file)).size, sha256: hash.digest("hex") };
}

/** Flushes a file or a directory to the disk. */
export async function synced(path: string): Promise<void> {
  const handle = await open(path);
  await handle.sync().finally(() => handle.close());
}

/**
 * Accepts that the client has ended without reading everything: the caller compares what has arrived. Which of the two
 * codes Node gives depends on whether it was just writing.
 */
function unlessUnread(error: NodeJS.ErrnoException): void {
  if (error.code !== "EPIPE" && error.code !== "ERR_STREAM_PREMATURE_CLOSE") throw error;
}

interface Client {
  readonly stdin: Writable;
  readonly stdout: Readable;
  /** Exit code, and what the client wrote to standard error. */
  readonly end: Promise<{ code: number | null; said: string }>;
}

/**
 * Starts the docker client in a process group of its own: Ctrl-C ends only the script, which then removes what is
 * incomplete.
 */
function start({ docker }: Database, args: readonly string[], signal: AbortSignal): Client {
  const child = spawn("docker", ["--host", docker.host, ...args], {
    detached: true,
    env: childEnvironment(),
    signal,
    killSignal: "SIGKILL",
  });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => (said += chunk));
  child.on("error", (error) => (said ||= error.message));
  const end = once(child, "close").then(
    ([code]) => ({ code: code as number | null, said }),
    () => ({ code: null, said }), // not started, or aborted
  );
  return { stdin: child.stdin, stdout: child.stdout, end };
}

/** Waits for the end. The client's own error is thrown first, because a broken pipe is only its consequence. */
async function ended({ end }: Client, piped: Promise<void>): Promise<void> {
  const failure = await piped.then(
    () => undefined,
    (error: unknown) => error,
  );
  const { code, said } = await end;
  if (code !== 0) throw new Refusal(said.trim() || "the docker client was ended");
  if (failure !== undefined) throw failure as Error;
}

function measured(): { stream: Transform; result: () => Content } {
  const hash: Hash = createHash("sha256");
  let bytes = 0;
  const stream = new Transform({
    transform(chunk: Buffer, _, done) {
      hash.update(chunk);
      bytes += chunk.length;
      done(null, chunk);
    },
  });
  return { stream, result: () => ({ bytes, sha256: hash.digest("hex") }) };
}
