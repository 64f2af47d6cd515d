import { type ChildProcessByStdio, spawn } from "node:child_process";
import type { Socket } from "node:net";
import { Duplex, type Readable, type Writable } from "node:stream";
import { childEnvironment } from "../child-environment";

/**
 * A relay carries connections over the standard input and output of one process in a container that has the Docker
 * host's network. TLS and HTTP stay in this process; the container sees bytes, and ends when its input is closed. A
 * frame has its kind (8 bits), the number of the connection (32), the length of the content (32), and the content.
 */
const OPEN = 0;
const DATA = 1;
const END = 2;
const CLOSED = 3;
const OPENED = 4;
const ALIVE = 5;
const HEADER = 9;

/** The time between two signs of life. After a minute without one (a dead ssh, a lost host), the other side ends. */
const ALIVE_MS = 10_000;
const SILENCE_MS = 60_000;
/** How many characters of the errors of the process a message shows. */
const SHOWN = 1000;

/** The program of the other side, for the Node.js of any release. Data that cannot be passed on yet waits. */
export const FAR_SIDE = `
  const { connect } = require("node:net");
  const sockets = new Map();
  let received = Buffer.alloc(0);
  let heard = Date.now();
  setInterval(() => Date.now() - heard > ${SILENCE_MS} && process.exit(1), 1000);
  process.stdout.on("drain", () => sockets.forEach((socket) => socket.resume()));
  process.stdout.on("error", () => process.exit(1));
  const send = (kind, id, content = "") => {
    const body = Buffer.from(content);
    const header = Buffer.alloc(${HEADER});
    header.writeUInt8(kind);
    header.writeUInt32BE(id, 1);
    header.writeUInt32BE(body.length, 5);
    if (!process.stdout.write(Buffer.concat([header, body]))) sockets.forEach((socket) => socket.pause());
  };
  const open = (id, body) => {
    const { host, port } = JSON.parse(body);
    let why = {};
    const socket = connect({ host, port, allowHalfOpen: true });
    sockets.set(id, socket);
    socket.on("connect", () => send(${OPENED}, id));
    socket.on("data", (chunk) => send(${DATA}, id, chunk));
    socket.on("end", () => send(${END}, id));
    socket.on("error", ({ code, message }) => (why = { code, message }));
    socket.on("close", () => sockets.delete(id) && send(${CLOSED}, id, JSON.stringify(why)));
  };
  const close = (id) => {
    const socket = sockets.get(id);
    sockets.delete(id);
    socket?.destroy();
  };
  const take = (kind, id, body) => {
    if (kind === ${OPEN}) open(id, body);
    if (kind === ${DATA}) sockets.get(id)?.write(body);
    if (kind === ${END}) sockets.get(id)?.end();
    if (kind === ${CLOSED}) close(id);
  };
  process.stdin.on("end", () => process.exit(0));
  process.stdin.on("data", (chunk) => {
    heard = Date.now();
    received = Buffer.concat([received, chunk]);
    while (received.length >= ${HEADER} && received.length >= ${HEADER} + received.readUInt32BE(5)) {
      const end = ${HEADER} + received.readUInt32BE(5);
      take(received.readUInt8(), received.readUInt32BE(1), received.subarray(${HEADER}, end));
      received = received.subarray(end);
    }
  });`;

/** The relay has ended: its container, Docker or the connection to Docker is gone. */
export class RelayEnded extends Error {
  public constructor(complaint: string) {
    super(`the Docker host's network cannot be reached: ${complaint || "the relay has ended"}`);
  }
}

type Process = ChildProcessByStdio<Writable, Readable, Readable>;

/** Opens connections from the place where a command runs `FAR_SIDE`. */
export class Relay {
  private readonly child: Process;
  private readonly streams = new Map<number, Relayed>();
  private readonly signs: NodeJS.Timeout;
  private received = Buffer.alloc(0);
  private complaint = "";
  private last = 0;
  private over: RelayEnded | undefined;

  /**
   * Starts the command in its own process group: Ctrl-C goes to the script. The command does not keep a script alive.
   */
  public constructor(command: string, args: readonly string[]) {
    this.child = spawn(command, args, {
      stdio: ["pipe", "pipe", "pipe"],
      detached: true,
      env: childEnvironment(),
    });
    this.child.stdin.on("error", () => undefined); // the event "close" follows
    this.child.stdout.on("data", (chunk: Buffer) => {
      this.take(chunk);
    });
    this.child.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.complaint = (this.complaint + text).slice(-SHOWN);
    });
    this.child.on("error", ({ message }) => (this.complaint = message));
    this.child.on("close", () => {
      this.end();
    });
    this.signs = setInterval(() => {
      this.send(ALIVE, 0);
    }, ALIVE_MS).unref();
    this.child.unref();
    this.keepAlive(false);
  }

  /** False once the relay has ended. */
  public get usable(): boolean {
    return this.over === undefined;
  }

  /** Opens a connection. Its errors, also of connecting, are events "error" of the stream. */
  public connect(host: string, port: number): Duplex {
    const id = ++this.last;
    const stream = new Relayed((kind, content) => {
      if (kind === CLOSED) this.forget(id);
      this.send(kind, id, content);
    });
    if (this.over !== undefined) return stream.destroy(this.over);
    this.streams.set(id, stream);
    this.keepAlive(true);
    this.send(OPEN, id, Buffer.from(JSON.stringify({ host, port })));
    return stream;
  }

  /** Ends the process, and so its container. */
  public close(): void {
    this.child.stdin.end();
  }

  private send(kind: number, id: number, content: Buffer = Buffer.alloc(0)): void {
    const header = Buffer.alloc(HEADER);
    header.writeUInt8(kind);
    header.writeUInt32BE(id, 1);
    header.writeUInt32BE(content.length, 5);
    if (this.child.stdin.writable) this.child.stdin.write(Buffer.concat([header, content]));
  }

  private take(chunk: Buffer): void {
    this.received = Buffer.concat([this.received, chunk]);
    while (this.received.length >= HEADER && this.received.length >= HEADER + this.received.readUInt32BE(5)) {
      const end = HEADER + this.received.readUInt32BE(5);
      const id = this.received.readUInt32BE(1);
      this.streams.get(id)?.receive(this.received.readUInt8(), this.received.subarray(HEADER, end));
      if (this.received.readUInt8() === CLOSED) this.forget(id);
      this.received = this.received.subarray(end);
    }
  }

  private forget(id: number): void {
    this.streams.delete(id);
    if (this.streams.size === 0) this.keepAlive(false);
  }

  private end(): void {
    clearInterval(this.signs);
    this.over = new RelayEnded(this.complaint.trim());
    for (const stream of this.streams.values()) stream.destroy(this.over);
    this.streams.clear();
  }

  /** Keeps this process alive while a connection is open, and not otherwise. */
  private keepAlive(wanted: boolean): void {
    for (const pipe of [this.child.stdin, this.child.stdout, this.child.stderr] as unknown as Socket[])
      if (wanted) pipe.ref();
      else pipe.unref();
  }
}

/** One connection. */
class Relayed extends Duplex {
  private gone = false;

  public constructor(private readonly tell: (kind: number, content?: Buffer) => void) {
    super();
  }

  public receive(kind: number, content: Buffer): void {
    if (kind === OPENED) this.emit("connect");
    if (kind === DATA) this.push(content);
    if (kind === END) this.push(null);
    if (kind !== CLOSED) return;
    this.gone = true;
    const { code, message } = JSON.parse(content.toString()) as { code?: string; message?: string };
    if (message === undefined) this.push(null);
    else this.destroy(Object.assign(new Error(message), { code }));
  }

  public override _read(): void {
    // Data is pushed as it comes: an answer is small enough for the memory.
  }

  public override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.tell(DATA, chunk);
    done();
  }

  public override _final(done: () => void): void {
    this.tell(END);
    done();
  }

  public override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    if (!this.gone) this.tell(CLOSED);
    this.gone = true;
    done(error);
  }
}
