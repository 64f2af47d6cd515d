import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { connect } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** Gives sshd a list of users with a user `sshd`, which it needs, and which only its package would create. */
const IN_OWN_NAMESPACE = 'mount --bind "$1" /etc/passwd && shift && exec "$@"';
const PASSWD = "/etc/passwd";
const START_MS = 10_000;

/**
 * A real ssh server for one test, on loopback. It is hardened: keys only, no forwarding, and few logins at a time. The
 * docker that it starts uses the machine's engine.
 */
export class OwnSshd {
  /** The value of `dockerHost`. */
  public readonly host: string;
  private readonly folder = mkdtempSync(join(tmpdir(), "nf-sshd-"));
  private server: ChildProcess | undefined;
  private program = "";
  private log = "";

  public constructor(
    public readonly port: number,
    private readonly options: readonly string[] = [],
  ) {
    this.host = `ssh://${userInfo().username}@127.0.0.1:${port}`;
  }

  public async start(): Promise<void> {
    this.prepare();
    // The server ends when the test ends, also if the test is killed.
    const guarded = ["--pdeathsig", "SIGTERM", "unshare", "--mount", "sh", "-c", IN_OWN_NAMESPACE, "-"];
    const command = [this.path("passwd"), this.program, "-D", "-e", "-f", this.path("sshd_config")];
    const server = spawn("setpriv", [...guarded, ...command], { stdio: ["ignore", "ignore", "pipe"] });
    this.server = server;
    server.stderr.on("data", (chunk: Buffer) => (this.log += chunk.toString()));
    const deadline = Date.now() + START_MS;
    while (!(await accepts(this.port))) {
      if (Date.now() > deadline || server.exitCode !== null) throw new Error(`sshd does not start: ${this.log}`);
      await sleep(100);
    }
  }

  /** The number of logins since the server started. */
  public logins(): number {
    return this.log.split("Accepted publickey").length - 1;
  }

  /** The environment in which `ssh` knows this server and has its key, and shares no connection with other keys'. */
  public environment({ key = true, known = true } = {}): NodeJS.ProcessEnv {
    const folder = this.path(`${key ? "k" : "n"}${known ? "k" : "u"}`); // the path of a socket must be short
    const environment = { PATH: `${folder}:${process.env["PATH"] ?? ""}`, XDG_RUNTIME_DIR: folder };
    // Written only once, because a script cannot be written while it is started.
    if (existsSync(folder)) return environment;
    mkdirSync(folder);
    const options = [
      `IdentityFile ${this.path(key ? "key" : "other_key")}`,
      "IdentitiesOnly yes",
      `UserKnownHostsFile ${known ? this.path("known_hosts") : "/dev/null"}`,
      "GlobalKnownHostsFile /dev/null",
    ];
    writeFileSync(join(folder, "config"), `Host *\n${options.map((option) => `  ${option}\n`).join("")}`);
    // ssh does not look into $HOME, but into the home directory in the password file.
    writeFileSync(join(folder, "ssh"), `#!/bin/sh\nexec /usr/bin/ssh -F ${folder}/config "$@"\n`);
    chmodSync(join(folder, "ssh"), 0o755);
    return environment;
  }

  /** Stops the server and all its connections. */
  public async stop(): Promise<void> {
    const { server } = this;
    if (server?.exitCode !== null) return;
    const ended = once(server, "exit");
    for (const pid of sessionsOf(server.pid ?? 0)) killIfThere(pid);
    server.kill("SIGTERM");
    await ended;
  }

  public async dispose(): Promise<void> {
    await this.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  private prepare(): void {
    if (this.program !== "") return;
    const unpacked = execFileSync(join(__dirname, "../images/sshd.sh"), { encoding: "utf8" }).trim();
    this.program = join(unpacked, "usr/sbin/sshd");
    const users = readFileSync(PASSWD, "utf8");
    const own = "sshd:x:65533:65534::/run/sshd:/usr/sbin/nologin\n";
    writeFileSync(this.path("passwd"), /^sshd:/m.test(users) ? users : `${users}${own}`);
    mkdirSync("/run/sshd", { recursive: true, mode: 0o755 });
    for (const name of ["host_key", "key", "other_key"])
      execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", this.path(name)]);
    copyFileSync(this.path("key.pub"), this.path("authorized_keys"));
    const hostKey = readFileSync(this.path("host_key.pub"), "utf8");
    const names = ["127.0.0.1", "::1"].map((address) => `[${address}]:${this.port} ${hostKey}`);
    writeFileSync(this.path("known_hosts"), names.join(""));
    const config = [
      `Port ${this.port}`,
      "ListenAddress 127.0.0.1",
      "ListenAddress ::1",
      `HostKey ${this.path("host_key")}`,
      `AuthorizedKeysFile ${this.path("authorized_keys")}`,
      "StrictModes no",
      "PidFile none",
      "UsePAM no",
      "PasswordAuthentication no",
      "KbdInteractiveAuthentication no",
      "PermitRootLogin prohibit-password",
      "AllowTcpForwarding no",
      "AllowStreamLocalForwarding no",
      "MaxStartups 2:100:2",
      ...this.options,
    ];
    writeFileSync(this.path("sshd_config"), `${config.join("\n")}\n`);
  }

  private path(name: string): string {
    return join(this.folder, name);
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: "127.0.0.1", port });
    socket.on("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.on("error", () => {
      resolve(false);
    });
  });
}

/** The processes of the connections, which are children of the listener. */
function sessionsOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ").filter(Boolean).map(Number);
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, "SIGTERM");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
