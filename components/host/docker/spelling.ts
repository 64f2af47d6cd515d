const LONGEST_WORD = 40;
const LONGEST = 200;
/** Options with `NAME=VALUE`. The value may be any text. */
const ENVIRONMENT = ["--env", "-e", "--build-arg", "--label"];

/**
 * Spells a docker command for a message: in one line, with long words (a shell script, an SQL statement) cut, and
 * without the values of environment variables. Our commands have no secrets in them; this also leaves out values from
 * others.
 */
export function spelled(args: readonly string[]): string {
  const words = args.map((word, index) => shortened(ENVIRONMENT.includes(args[index - 1] ?? "") ? named(word) : word));
  const line = ["docker", ...words].join(" ");
  return line.length > LONGEST ? `${line.slice(0, LONGEST)}…` : line;
}

function named(word: string): string {
  const [name = "", ...value] = word.split("=");
  return value.length === 0 ? name : `${name}=…`;
}

function shortened(word: string): string {
  const line = word.trim().replace(/\s+/g, " ");
  return line.length > LONGEST_WORD ? `${line.slice(0, LONGEST_WORD)}…` : line;
}
