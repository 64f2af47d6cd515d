import { configRm, configRmPath, configSet, configSetPath, configSetSecret, shellWord } from "../release/commands";
import { at, type Given, HIDDEN, type ConfigProblem, problem } from "./problem";

/** The keys that had another name in an earlier program, by path, each with its present name. */
const RENAMED: Readonly<Record<string, string>> = { "health.holdSeconds": "health.soakSeconds" };

/** The config, and its top-level values as Pulumi hands them over. */
interface Asked extends Given {
  readonly values: Readonly<Record<string, string>>;
}

/** One key of a stack's config under its former name. */
interface Former {
  /** The path of the key in the config: one part where the whole name is one key of the stack's file. */
  readonly path: readonly string[];
  /** The value as it is typed; undefined for an object or a list, which no command accepts. */
  readonly typed: string | undefined;
  /** The command that takes the key out of the stack's file. */
  readonly removal: string;
}

/**
 * Finds every key that is given under its former name. A former key is refused instead of read, because otherwise the
 * program would have to support two names for one setting for ever. The fix moves the value.
 */
export function renamedKeys(asked: Asked, renamed = RENAMED): ConfigProblem[] {
  return Object.entries(renamed).flatMap(([from, to]) => {
    const isGiven = at(asked.config, to.split(".")) !== undefined;
    const rule = `called nestfleet:${to}, because the key was renamed${isGiven ? "; that key is given, too" : ""}`;
    return formsOf(from, asked).map(({ path, typed, removal }) => {
      const former = problem(path, asked, { rule, fix: removal });
      const value = former.value.includes(HIDDEN) ? undefined : (typed ?? "VALUE");
      return isGiven ? former : { ...former, fix: `${setting(asked.stack, to, value)} && ${removal}` };
    });
  });
}

/**
 * Finds both forms of a key: `pulumi config set` makes one key of a dotted name, and with `--path` a key in an object.
 */
function formsOf(from: string, { config, values, stack }: Asked): Former[] {
  const path = from.split(".");
  const [whole, inside] = [at(config, [from]), path.length === 1 ? undefined : at(config, path)];
  return [
    // Pulumi's own text of the value: JSON would make 1.5 of a version 1.50.
    ...(whole === undefined
      ? []
      : [{ path: [from], typed: typedAs(whole, values[from]), removal: configRm(stack, from) }]),
    ...(inside === undefined ? [] : [{ path, typed: typedAs(inside), removal: configRmPath(stack, from) }]),
  ];
}

function typedAs(value: unknown, text = String(value)): string | undefined {
  return typeof value === "object" ? undefined : text;
}

/** The command that gives a key its value; for a secret, the command asks for the value. */
function setting(stack: string, path: string, value: string | undefined): string {
  if (value === undefined) return configSetSecret(stack, path);
  return path.includes(".") ? configSetPath(stack, path, shellWord(value)) : configSet(stack, path, shellWord(value));
}
