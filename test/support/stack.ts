import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
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
  /** True for a resource that an update has replaced. The next update that succeeds deletes it. */
  readonly delete?: boolean;
  readonly dependencies?: string[];
  readonly propertyDependencies?: Record<string, string[] | null>;
  readonly inputs?: Record<string, unknown>;
  readonly outputs?: Record<string, unknown>;
  readonly additionalSecretOutputs?: string[];
}

/** The result of a command. */
export interface Ran {
  readonly exitCode: number;
  /** Standard output and standard error, in order. */
  readonly output: string;
  readonly seconds: number;
}

/** The result of an update. */
export interface Update extends Ran {
  /** The resources that it has changed, in the form of `preview`. */
  readonly changed: readonly string[];
}

/** An exported state, which has no resources before the first update. */
interface Exported {
  readonly deployment: { resources?: StateResource[] };
}

/** Values of a configuration by path, such as `health.soakSeconds`. Undefined removes a value. */
export type Config = Readonly<Record<string, string | undefined>>;

/** What an update does with a resource. */
interface ResourceStep {
  readonly op: string;
  readonly urn: string;
}

/** A preview as JSON of Pulumi. */
interface Digest {
  readonly steps: readonly ResourceStep[];
  readonly diagnostics?: readonly { readonly message: string }[];
}

/** The Docker engine of a stack, and how commands are run there. */
export interface Place {
  readonly docker: DockerClient;
  /** Gives the command line that runs a command where the stack's ports can be reached. */
  readonly inside: (...command: string[]) => string[];
  /** Gives the command line that runs Pulumi, if it differs from `inside`. */
  readonly operator?: (...command: string[]) => string[];
  /** Additional variables in the operator's environment. */
  readonly environment?: NodeJS.ProcessEnv;
}

export const HERE: Place = { docker: new DockerClient(DOCKER_HOST), inside: (...command) => command };

/**
 * A stack for one test, on a real Docker engine, with its own state, passphrase and ports, and the images of the demo
 * release. `dispose` removes everything, also after a failure.
 */
export class TestStack {
  public readonly docker: DockerClient;
  /** The output of all commands. It must not contain a secret. */
  public said = "";
  private made: string | undefined;
  /** The last exported state, which is kept because it takes half a second to decrypt its secrets. */
  private known: { readonly state: string; readonly resources: StateResource[] } | undefined;

  public constructor(
    public readonly name: string,
    public readonly httpPort: number,
    private readonly place: Place = HERE,
  ) {
    this.docker = place.docker;
  }

  /** The folder with the state. It is made when it is first needed: the stack of a test that is skipped leaves none. */
  private get folder(): string {
    return (this.made ??= mkdtempSync(join(tmpdir(), `nestfleet-${this.name}-`)));
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

  /** Writes plain values into the stack's file. `pulumi config set --path` does the same, but takes a second. */
  public configure(config: Config): Promise<void> {
    writeFileSync(this.file(), this.configured(config));
    return Promise.resolve();
  }

  /** Writes secrets into the stack's file, with the CLI, because only the CLI can encrypt them. */
  public async give(secrets: Readonly<Record<string, string>>): Promise<void> {
    const pairs = Object.entries(secrets).flatMap(([path, value]) => ["--secret", `nestfleet:${path}=${value}`]);
    await this.pulumi("config", "set-all", "--path", ...pairs);
  }

  public unset(...paths: string[]): Promise<void> {
    return this.configure(Object.fromEntries(paths.map((path) => [path, undefined])));
  }

  /** Gives the text that the stack's file would have with these values. */
  public configured(config: Config): string {
    const file = this.file();
    const document = parseDocument(existsSync(file) ? readFileSync(file, "utf8") : "{}");
    for (const [path, value] of Object.entries(config))
      if (value === undefined) document.deleteIn(keysOf(path));
      else document.setIn(keysOf(path), scalarOf(value));
    return document.toString();
  }

  public async up(...options: string[]): Promise<Update> {
    const log = join(this.folder, "events.json");
    rmSync(log, { force: true });
    const ran = await this.try("up", "--yes", "--skip-preview", "--event-log", log, ...options);
    return { ...ran, changed: existsSync(log) ? changesOf(stepsIn(readFileSync(log, "utf8"))) : [] };
  }

  /**
   * Starts an update and kills Pulumi with SIGKILL at that moment, unless the update is already done. If the moment is
   * a text that was never printed, it throws an error. The children of Pulumi go on, or are killed with it, so that
   * none of them can undo its work.
   */
  public async upKilled(moment: Moment, { withChildren = false } = {}): Promise<void> {
    const [program = "", ...args] = this.command("up", "--yes", "--skip-preview");
    const child = spawn(program, args, { env: this.environment(), stdio: ["ignore", "pipe", "pipe"] });
    const ended = once(child, "exit");
    const kill = () => {
      // The wrapper replaces itself with Pulumi, so its pid is that of Pulumi.
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

  /**
   * Gives the changes of a preview, as `op name` (an image and its container may have the same name), without outputs.
   */
  public async preview(...options: string[]): Promise<string[]> {
    return (await this.previewed(...options)).changes;
  }

  /** Gives the changes of a preview, and the text that the program prints. */
  public async previewed(...options: string[]): Promise<{ changes: string[]; summary: string }> {
    const { output } = await this.pulumi("preview", "--json", ...options);
    const { steps, diagnostics = [] } = JSON.parse(output.slice(output.indexOf("{"))) as Digest;
    return { changes: changesOf(steps), summary: diagnostics.map(({ message }) => message).join("\n") };
  }

  /** Gives the ids that the api has acknowledged and the database does not have. */
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

  /** Changes the state, for example into one that another program would have written. */
  public async rewriteState(change: (resources: StateResource[]) => StateResource[]): Promise<void> {
    const file = join(this.folder, "rewritten.json");
    const exported = await this.exported();
    exported.deployment.resources = change(exported.deployment.resources ?? []);
    writeFileSync(file, JSON.stringify(exported));
    await this.pulumi("stack", "import", "--file", file);
    rmSync(file);
  }

  /** The state's resources. A secret is an object with its value and the mark of a secret. */
  public async resources(): Promise<StateResource[]> {
    const state = this.state();
    if (this.known?.state !== state)
      this.known = { state, resources: (await this.exported()).deployment.resources ?? [] };
    return this.known.resources;
  }

  /** The content of the state's file. */
  public state(): string {
    return readFileSync(join(this.folder, ".pulumi/stacks/nestfleet", `${this.name}.json`), "utf8");
  }

  /**
   * The secrets that no output may contain: two secrets and the database's password from the api's environment, and the
   * key that signs the backups from the environment of postgres.
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

  /** The version in the answer of `/health` on the published port. */
  public async answeringVersion(): Promise<string> {
    const ask = `fetch("http://127.0.0.1:${this.httpPort}/health").then((answer) => answer.json()).then(({ version }) => console.log(version))`;
    const [program = "", ...args] = this.place.inside(process.execPath, "-e", ask);
    return (await run(program, args)).output.trim();
  }

  public async volumes(): Promise<string[]> {
    const listed = await this.docker.run(["volume", "ls", "--quiet", "--filter", `name=^nestfleet-${this.name}-`]);
    return listed.trim().split("\n").filter(Boolean).sort();
  }

  /** The command lines of Pulumi's processes that work on the stack, or that a killed one has left. */
  public processes(): string[] {
    const lines = processes().map((pid) => commandLine(pid).join(" ").trim());
    return lines.filter((line) => `${line} `.includes(`--stack ${this.name} `));
  }

  /** Runs SQL in the stack's database, or in another one of its server. Gives one value a line. */
  public async sql(statement: string, database = "nestfleet"): Promise<string> {
    const container = `nestfleet-${this.name}-postgres`;
    return (
      await this.docker.run(["exec", container, "psql", "-U", "nestfleet", "-d", database, "-tA", "-c", statement])
    ).trim();
  }

  /** Runs a command that must succeed. */
  public async pulumi(...args: string[]): Promise<Ran> {
    const ran = await this.try(...args);
    if (ran.exitCode !== 0) throw new Error(`pulumi ${args.join(" ")} exits with ${ran.exitCode}:\n${ran.output}`);
    return ran;
  }

  /** Runs a command that may fail. */
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
      PULUMI_DEBUG_COMMANDS: "true", // the CLI has --event-log only then
    };
  }

  private file(): string {
    return join(ROOT, `Pulumi.${this.name}.yaml`);
  }

  /** Exports the state into a file, because the output of a command must not contain a secret. */
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

/** The parts of a replacement, and what changes nothing. */
const NOT_SHOWN = ["same", "read", "refresh", "create-replacement", "delete-replaced"];

/** The changes of these steps as `op name`, each once. */
function changesOf(steps: readonly ResourceStep[]): string[] {
  const changing = steps.filter(({ op }) => !NOT_SHOWN.includes(op));
  return [...new Set(changing.map(({ op, urn }) => `${op} ${urn.split("::").at(-1) ?? urn}`))].sort();
}

/** The steps that an update has completed, from its log of events, which has one as JSON in each line. */
function stepsIn(log: string): ResourceStep[] {
  const events = log
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { resOutputsEvent?: { metadata: ResourceStep } });
  return events.flatMap(({ resOutputsEvent: done }) => done?.metadata ?? []);
}

/** The keys of a path: `images.api` is the key `api` of `nestfleet:images`, `requiredStops[0]` the first of a list. */
function keysOf(path: string): (string | number)[] {
  const [first = "", ...rest] = path.split(/\.|(?=\[)/);
  const keys = rest.map((key) => (key.startsWith("[") ? Number(key.slice(1, -1)) : key));
  return ["config", `nestfleet:${first}`, ...keys];
}

/** Converts a value as the CLI does: `true` and `false` become booleans, whole numbers become numbers. */
function scalarOf(value: string): string | number | boolean {
  if (value === "true" || value === "false") return value === "true";
  return /^(?:0|-?[1-9]\d*)$/.test(value) ? Number(value) : value;
}

/** The pids of a process's children, of their children, and so on, at this moment. */
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

/** Runs a program to its end. It may fail. `hear` gets the whole output so far whenever there is more. */
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
    // A line of one stream must not end up inside a line of the other.
    for (const stream of [child.stdout, child.stderr])
      createInterface({ input: stream }).on("line", (line) => {
        output += `${line}\n`;
        hear(output);
      });
    child.on("error", reject);
    child.on("close", (code) => {
      resolve({ exitCode: code ?? 1, output, seconds: (Date.now() - started) / 1000 });
    });
    child.stdin.on("error", () => undefined).end(stdin);
  });
}
