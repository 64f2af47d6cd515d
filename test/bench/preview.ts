import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { installed } from "../support/installed";
import { type StateResource, TestStack } from "../support/stack";

/**
 * Compares a preview of a running stack with that of a bare program, which registers the same resources as the state
 * has them, and does not look at the Docker host. Both previews find no change. They take turns, because the machine's
 * speed varies. `npm run bench` takes two minutes.
 */
const ROOT = join(__dirname, "../..");
const ROUNDS = 9;
/** The factor that docs/benchmarks.md promises. */
const AT_MOST = 1.5;

const stack = new TestStack("bench-pv", 19080);
const folder = mkdtempSync(join(tmpdir(), "nestfleet-bare-"));

/** A program that is previewed. */
interface Program {
  readonly name: string;
  readonly words: readonly string[];
  readonly environment: NodeJS.ProcessEnv;
}

/** The cost of a preview. */
interface Cost {
  readonly seconds: number;
  /** Processor time of Pulumi and all that it starts, without the Docker engine. */
  readonly processorSeconds: number;
}

async function main(): Promise<void> {
  try {
    await stack.create({ version: "1.4.2" });
    const { exitCode, output } = await stack.up();
    if (exitCode !== 0) throw new Error(output);
    const ours = { name: "nestfleet", words: stack.command("preview"), environment: stack.environment() };
    const programs = [await bare(), ours];
    const unchanged = programs.map((program) => preview(program).unchanged);
    console.log(`${unchanged.join(" and ")} resources, ${dockerCommands(ours)} docker commands of nestfleet`);
    const rounds = Array.from({ length: ROUNDS }, () => programs.map((program) => preview(program)));
    const medians = programs.map(({ name }, index) =>
      told(
        name,
        rounds.flatMap((round) => round[index] ?? []),
      ),
    );
    const [floor = NaN, own = NaN] = medians;
    console.log(`nestfleet takes ${(own / floor).toFixed(2)} times as long; promised are at most ${AT_MOST}`);
  } finally {
    await stack.dispose();
    rmSync(folder, { recursive: true });
  }
}

/** The bare program, with a copy of the stack's state, in which it finds nothing to change. */
async function bare(): Promise<Program> {
  const { cli, environment } = installed(stack.environment());
  const exported = join(folder, "state.json");
  await stack.pulumi("stack", "export", "--show-secrets", "--file", exported);
  const state = readFileSync(exported, "utf8")
    .replaceAll(`urn:pulumi:${stack.name}::nestfleet::`, `urn:pulumi:${stack.name}::bare::`)
    .replaceAll(`pulumi:pulumi:Stack::nestfleet-${stack.name}`, `pulumi:pulumi:Stack::bare-${stack.name}`);
  writeFileSync(exported, state);
  const { deployment } = JSON.parse(state) as { deployment: { resources: StateResource[] } };
  // Pulumi itself registers the stack and the default providers.
  const own = deployment.resources.filter(
    ({ type, urn }) => type !== "pulumi:pulumi:Stack" && !urn.includes("::default"),
  );
  writeFileSync(join(folder, "resources.json"), JSON.stringify(own));
  writeFileSync(join(folder, "package.json"), JSON.stringify({ main: "bare.cjs" }));
  writeFileSync(join(folder, "Pulumi.yaml"), JSON.stringify({ name: "bare", runtime: { name: "nodejs", options: { typescript: false } } })); // prettier-ignore
  cpSync(join(ROOT, "test/bench/bare.cjs"), join(folder, "bare.cjs"));
  symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
  const words = (...asked: string[]) => [cli, "--cwd", folder, "--non-interactive", ...asked, "--stack", stack.name];
  ran(words("stack", "init"), environment);
  ran(words("stack", "import", "--file", exported), environment);
  return { name: "bare", words: words("preview"), environment };
}

/** Throws an error if a preview finds a change, because its time cannot be compared. */
function preview({ words, environment }: Program): Cost & { unchanged: number } {
  const timed = ["bash", "-c", `TIMEFORMAT='%R %U %S'; time "$@" 2>&1`, "-", ...words];
  const { stdout, stderr } = ran(timed, environment);
  const [, unchanged] = /\nResources:\n +(\d+) unchanged\n/.exec(stdout) ?? [];
  if (unchanged === undefined) throw new Error(stdout);
  const [seconds = NaN, user = NaN, system = NaN] = stderr.trim().split(" ").map(Number);
  return { seconds, processorSeconds: user + system, unchanged: Number(unchanged) };
}

/** The number of docker commands that a preview starts. */
function dockerCommands({ words, environment }: Program): number {
  const [count, path] = [join(folder, "count"), join(folder, "path")];
  mkdirSync(path);
  const client = `#!/bin/sh\necho >>${count}\nPATH=\${PATH#*${path}:}\nexec docker "$@"\n`;
  writeFileSync(join(path, "docker"), client, { mode: 0o755 });
  ran(words, { ...environment, PATH: `${path}:${environment["PATH"] ?? ""}` });
  return readFileSync(count, "utf8").length;
}

function ran([program = "", ...args]: readonly string[], environment: NodeJS.ProcessEnv) {
  const { status, signal, stdout, stderr } = spawnSync(program, args, { encoding: "utf8", env: environment });
  if (status !== 0) throw new Error(`${program} ends with ${status ?? signal ?? "nothing"}:\n${stdout}${stderr}`);
  return { stdout, stderr };
}

/** Prints the medians, with the fastest and the slowest. Gives the median of the time. */
function told(name: string, costs: readonly Cost[]): number {
  const seconds = costs.map((cost) => cost.seconds).sort((one, other) => one - other);
  const median = middle(seconds);
  const processor = middle(costs.map((cost) => cost.processorSeconds).sort((one, other) => one - other));
  console.log(
    `${name.padEnd(10)} ${median.toFixed(2)} s (${seconds.at(0)?.toFixed(2) ?? ""} – ${seconds.at(-1)?.toFixed(2) ?? ""}), ${processor.toFixed(2)} s of a processor`,
  );
  return median;
}

function middle(sorted: readonly number[]): number {
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}

void main();
