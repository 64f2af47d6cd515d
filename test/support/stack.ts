import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseDocument } from "yaml";
import { DockerClient } from "../../components/host/docker/client";
import { commandLine, processes } from "../../components/host/process";
import { Database } from "../../components/host/database/database";
import { readHistory } from "../../components/host/backups/history";
import type { HistoryEntry } from "../../components/release/records/history";
import type { Moment } from "./kills";

const ROOT = join(__dirname, "../..");
const REGISTRY = `127.0.0.1:${process.env["NESTFLEET_REGISTRY_PORT"] ?? "5055"}`;
const DOCKER_HOST = process.env["DOCKER_HOST"] ?? "unix:///var/run/docker.sock";

/** A resource as an exported state has it. */
export interface StateResource {
  readonly urn: string;
  readonly type: string;
  readonly parent?: string;
  readonly id?: string;
  /** One that an update has replaced, and that goes with the next one that succeeds. */
  readonly delete?: boolean;
  readonly dependencies?: string[];
  readonly propertyDependencies?: Record<string, string[] | null>;
  readonly inputs?: Record<string, unknown>;
  readonly outputs?: Record<string, unknown>;
  readonly additionalSecretOutputs?: string[];
}

/** What a command said, and how it ended. */
export interface Ran {
  readonly exitCode: number;
  /** Both streams, in order. */
  readonly output: string;
  readonly seconds: number;
}

/** What is exported: the state's resources, none before the first update. */
interface Exported {
  readonly deployment: { resources?: StateResource[] };
}

/** Values of a config by path, such as `health.soakSeconds`; undefined where nothing is to be there. */
export type Config = Readonly<Record<string, string | undefined>>;

/** A preview, as the engine's JSON has it. */
interface Digest {
  readonly steps: readonly { readonly op: string; readonly urn: string }[];
  readonly diagnostics?: readonly { readonly message: string }[];
}

/** Where a stack lives, when it is not on the machine's own engine. */
export interface Place {
  readonly docker: DockerClient;
  /** The command line that runs a command where the stack's ports can be reached. */
  readonly inside: (...command: string[]) => string[];
  /** The one that runs Pulumi, where that is somewhere else. */
  readonly operator?: (...command: string[]) => string[];
  /** What the operator's environment has besides. */
  readonly environment?: NodeJS.ProcessEnv;
}

export const HERE: Place = { docker: new DockerClient(DOCKER_HOST), inside: (...command) => command };

/**
 * A stack of a test's own on the real engine: own state, own passphrase, own ports, the stand-in's images. `dispose`
 * leaves nothing behind, whatever happened before.
 */
export class TestStack {
  public readonly docker: DockerClient;
  /** Everything that every command has said: no secret may be in it. */
  public said = "";
  private readonly folder: string;
  /** What was exported of a state: to open its secrets takes half a second. */
  private known: { readonly state: string; readonly resources: StateResource[] } | undefined;

  public constructor(
    public readonly name: string,
    public readonly httpPort: number,
    private readonly place: Place = HERE,
  ) {
    this.docker = place.docker;
    this.folder = mkdtempSync(join(tmpdir(), `nestfleet-${name}-`));
  }

  public async create(config: Config): Promise<void> {
    await this.dispose({ keepFolder: true });
    await this.pulumi("stack", "init");
    await this.configure({
      dockerHost: this.docker.host,
      "images.api": `${REGISTRY}/nestfleet/nestfleet-api`,
      "images.console": `${REGISTRY}/nestfleet/nestfleet-console`,
      "images.postgres": `${REGISTRY}/postgres:17`,
      "images.caddy": `${REGISTRY}/caddy:2.11`,
      "http.bind": "127.0.0.1",
      "http.httpPort": String(this.httpPort),
      "http.httpsPort": String(this.httpPort + 1),
      "health.soakSeconds": "1",
      ...config,
    });
  }

  /** Writes clear values into the stack's file, as `pulumi config set --path` does, without the second that it takes. */
  public configure(config: Config): Promise<void> {
    writeFileSync(this.file(), this.configured(config));
    return Promise.resolve();
  }

  /** Writes secrets into the stack's file, encrypted: only the CLI can do that. */
  public async give(secrets: Readonly<Record<string, string>>): Promise<void> {
    const pairs = Object.entries(secrets).flatMap(([path, value]) => ["--secret", `nestfleet:${path}=${value}`]);
    await this.pulumi("config", "set-all", "--path", ...pairs);
  }

  public unset(...paths: string[]): Promise<void> {
    return this.configure(Object.fromEntries(paths.map((path) => [path, undefined])));
  }

  /** The text of the stack's file as it would be with these values. */
  public configured(config: Config): string {
    const file = this.file();
    const document = parseDocument(existsSync(file) ? readFileSync(file, "utf8") : "{}");
    for (const [path, value] of Object.entries(config))
      if (value === undefined) document.deleteIn(keysOf(path));
      else document.setIn(keysOf(path), scalarOf(value));
    return document.toString();
  }

  public up(...options: string[]): Promise<Ran> {
    return this.try("up", "--yes", "--skip-preview", ...options);
  }

  /**
   * Starts an update and kills the engine with -9, unless it is done by then: that is told, where it was to have said
   * words. Its children are left to themselves, or killed with it: then none can take back what it was doing.
   */
  public async upKilled(moment: Moment, { withChildren = false } = {}): Promise<void> {
    const [program = "", ...args] = this.command("up", "--yes", "--skip-preview");
    const child = spawn(program, args, { env: this.environment(), stdio: ["ignore", "pipe", "pipe"] });
    const ended = once(child, "exit");
    const kill = () => {
      // The wrapper execs: its pid is the engine's.
      const pids = withChildren && child.pid !== undefined ? descendantsOf(child.pid) : [];
      child.kill("SIGKILL");
      for (const pid of pids) killIfThere(pid);
    };
    const timer = typeof moment === "number" ? setTimeout(kill, moment) : undefined;
    let output = "";
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (chunk: Buffer) => {
        const heard = moment instanceof RegExp && moment.test(output);
        output += chunk.toString();
        if (!heard && moment instanceof RegExp && moment.test(output)) kill();
      });
    await ended;
    clearTimeout(timer);
    if (moment instanceof RegExp && !moment.test(output))
      throw new Error(`${String(moment)} was never said:\n${output}`);
  }

  /** What a preview would change, as `op name` (an image and its container may share a name); the stack's own outputs do not count. */
  public async preview(...options: string[]): Promise<string[]> {
    return (await this.previewed(...options)).changes;
  }

  /** What a preview would change, and what the program says of it. */
  public async previewed(...options: string[]): Promise<{ changes: string[]; summary: string }> {
    const { output } = await this.pulumi("preview", "--json", ...options);
    const { steps, diagnostics = [] } = JSON.parse(output.slice(output.indexOf("{"))) as Digest;
    const changing = steps.filter(({ op }) => op !== "same" && op !== "read" && op !== "refresh");
    const changes = [...new Set(changing.map(({ op, urn }) => `${op} ${urn.split("::").at(-1) ?? urn}`))].sort();
    return { changes, summary: diagnostics.map(({ message }) => message).join("\n") };
  }

  /** The resources that an update has changed, as `preview` names them. */
  public changed({ output }: Ran): string[] {
    const done = /^ *(\+|~|\+-|-) +\S+:(?:\S+) (\S+) (?:created|updated|replaced|deleted) \(/gm;
    const ops: Record<string, string> = { "+": "create", "~": "update", "+-": "replace", "-": "delete" };
    const names = [...output.matchAll(done)].map(([, sign = "", name = ""]) => `${ops[sign] ?? sign} ${name}`);
    return [...new Set(names)].sort();
  }

  /** Ids that the api acknowledged and the database does not have. */
  public async missing(acknowledged: readonly string[]): Promise<string[]> {
    const stored = new Set((await this.sql("SELECT id FROM cases")).split("\n"));
    return acknowledged.filter((id) => !stored.has(id));
  }

  public async history(): Promise<HistoryEntry[]> {
    return readHistory(new Database(this.docker, `nestfleet-${this.name}-postgres`));
  }

  public async outputs(): Promise<Record<string, unknown>> {
    const { output } = await this.pulumi("stack", "output", "--json");
    return JSON.parse(output) as Record<string, unknown>;
  }

  /** Makes the state what another program would have left. */
  public async rewriteState(change: (resources: StateResource[]) => StateResource[]): Promise<void> {
    const file = join(this.folder, "rewritten.json");
    const exported = await this.exported();
    exported.deployment.resources = change(exported.deployment.resources ?? []);
    writeFileSync(file, JSON.stringify(exported));
    await this.pulumi("stack", "import", "--file", file);
    rmSync(file);
  }

  /** The state's resources, with their secrets: what is a secret has its value beside the mark of one. */
  public async resources(): Promise<StateResource[]> {
    const state = this.state();
    if (this.known?.state !== state)
      this.known = { state, resources: (await this.exported()).deployment.resources ?? [] };
    return this.known.resources;
  }

  /** The state as it lies on the disk. */
  public state(): string {
    return readFileSync(join(this.folder, ".pulumi/stacks/nestfleet", `${this.name}.json`), "utf8");
  }

  /**
   * What is told to nobody: two secrets and the database's password in the api's environment, and in that of the database
   * the key that signs the backups.
   */
  public async secrets(): Promise<string[]> {
    const { api = [], postgres = [] } = await this.containers();
    const inspected = await this.docker.run(["inspect", "--format", "{{json .Config.Env}}", ...api, ...postgres]);
    const lines = inspected.split("\n").filter(Boolean);
    const environment = lines.flatMap((line) => JSON.parse(line) as string[]).join("\n");
    const value = (pattern: RegExp) => {
      const [, secret = ""] = pattern.exec(environment) ?? [];
      if (secret.length < 32) throw new Error(`there is no secret that is found by ${pattern.source}`);
      return secret;
    };
    const named = ["JWT_SECRET", "SECRET_ENCRYPTION_KEY", "NESTFLEET_BACKUP_KEY"].map(
      (name) => new RegExp(`^${name}=(.*)$`, "m"),
    );
    return [...named, /^DATABASE_URL=.*:([^:@]+)@/m].map(value);
  }

  /** Ids of the running containers by role. */
  public async containers(): Promise<Record<string, string[]>> {
    const format = '{{.Label "org.nestfleet.role"}} {{.ID}}';
    const listed = await this.docker.run(["ps", "--no-trunc", "--filter", this.label(), "--format", format]);
    const byRole: Record<string, string[]> = {};
    for (const line of listed.trim().split("\n").filter(Boolean)) {
      const [role = "", id = ""] = line.split(" ");
      (byRole[role] ??= []).push(id);
    }
    return byRole;
  }

  /** The version in the health answer on the published port. */
  public async answeringVersion(): Promise<string> {
    const ask = `fetch("http://127.0.0.1:${this.httpPort}/health").then((answer) => answer.json()).then(({ version }) => console.log(version))`;
    const [program = "", ...args] = this.place.inside(process.execPath, "-e", ask);
    return (await run(program, args)).output.trim();
  }

  public async volumes(): Promise<string[]> {
    const listed = await this.docker.run(["volume", "ls", "--quiet", "--filter", `name=^nestfleet-${this.name}-`]);
    return listed.trim().split("\n").filter(Boolean).sort();
  }

  /** Command lines of the engine's processes that work on the stack, or have been left behind by one that did. */
  public processes(): string[] {
    const lines = processes().map((pid) => commandLine(pid).join(" ").trim());
    return lines.filter((line) => `${line} `.includes(`--stack ${this.name} `));
  }

  /** SQL in the stack's database, or in another one of its server; one value a line. */
  public async sql(statement: string, database = "nestfleet"): Promise<string> {
    const container = `nestfleet-${this.name}-postgres`;
    return (
      await this.docker.run(["exec", container, "psql", "-U", "nestfleet", "-d", database, "-tA", "-c", statement])
    ).trim();
  }

  /** A command that must succeed. */
  public async pulumi(...args: string[]): Promise<Ran> {
    const ran = await this.try(...args);
    if (ran.exitCode !== 0) throw new Error(`pulumi ${args.join(" ")} exits with ${ran.exitCode}:\n${ran.output}`);
    return ran;
  }

  /** A command that may fail. */
  public async try(...args: string[]): Promise<Ran> {
    const [program = "", ...all] = this.command(...args);
    const ran = await run(program, all, this.environment());
    this.said += ran.output;
    return ran;
  }

  public async dispose({ keepFolder = false } = {}): Promise<void> {
    try {
      await this.leaveEngine();
    } finally {
      rmSync(this.file(), { force: true });
      if (!keepFolder) rmSync(this.folder, { recursive: true, force: true });
    }
  }

  public command(...args: string[]): string[] {
    const pulumi = [join(ROOT, "scripts/pulumi"), "--cwd", ROOT, "--non-interactive", ...args, "--stack", this.name];
    return this.place.operator?.(...pulumi) ?? this.place.inside(...pulumi);
  }

  public environment(): NodeJS.ProcessEnv {
    return {
      ...process.env,
      ...this.place.environment,
      PULUMI_BACKEND_URL: `file://${this.folder}`,
      PULUMI_CONFIG_PASSPHRASE: "test",
    };
  }

  private file(): string {
    return join(ROOT, `Pulumi.${this.name}.yaml`);
  }

  /** Into a file, and not into what the command says: no secret may be in that. */
  private async exported(): Promise<Exported> {
    const file = join(this.folder, "exported.json");
    await this.pulumi("stack", "export", "--show-secrets", "--file", file);
    const exported = JSON.parse(readFileSync(file, "utf8")) as Exported;
    rmSync(file);
    return exported;
  }

  private async leaveEngine(): Promise<void> {
    const ids = (await this.docker.run(["ps", "--all", "--quiet", "--filter", this.label()]))
      .split("\n")
      .filter(Boolean);
    if (ids.length > 0) await this.docker.run(["rm", "--force", "--volumes", ...ids]);
    const volumes = await this.volumes();
    if (volumes.length > 0) await this.docker.run(["volume", "rm", ...volumes]);
    const networks = await this.docker.run(["network", "ls", "--quiet", "--filter", `name=^nestfleet-${this.name}-`]);
    for (const network of networks.split("\n").filter(Boolean)) await this.docker.run(["network", "rm", network]);
  }

  private label(): string {
    return `label=org.nestfleet.stack=${this.name}`;
  }
}

/** `images.api` is the key `api` of `nestfleet:images`; `requiredStops[0]` the first of a list. */
function keysOf(path: string): (string | number)[] {
  const [first = "", ...rest] = path.split(/\.|(?=\[)/);
  const keys = rest.map((key) => (key.startsWith("[") ? Number(key.slice(1, -1)) : key));
  return ["config", `nestfleet:${first}`, ...keys];
}

/** As the CLI takes what is typed: `true`, `false` and whole numbers are no text. */
function scalarOf(value: string): string | number | boolean {
  if (value === "true" || value === "false") return value === "true";
  return /^(?:0|-?[1-9]\d*)$/.test(value) ? Number(value) : value;
}

/** The pids of a process's children, of theirs, and so on, at this moment. */
function descendantsOf(pid: number): number[] {
  const folder = `/proc/${pid}/task`;
  const children = readdirSync(folder).flatMap((thread) =>
    readFileSync(`${folder}/${thread}/children`, "utf8").split(" ").filter(Boolean).map(Number),
  );
  return children.flatMap((child) => [child, ...descendantsOf(child)]);
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

/** Runs a program to its end, whatever its exit code. `hear` gets all that was said so far, whenever more is. */
export function run(
  program: string,
  args: string[],
  environment: NodeJS.ProcessEnv = process.env,
  stdin = "",
  hear: (output: string) => void = () => undefined,
): Promise<Ran> {
  const started = Date.now();
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd: ROOT, env: environment });
    let output = "";
    const collect = (chunk: Buffer) => {
      output += chunk.toString();
      hear(output);
    };
    child.stdout.on("data", collect);
    child.stderr.on("data", collect);
    child.on("error", reject);
    child.on("close", (code) => {
      resolve({ exitCode: code ?? 1, output, seconds: (Date.now() - started) / 1000 });
    });
    child.stdin.on("error", () => undefined).end(stdin);
  });
}
