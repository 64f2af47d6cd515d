const LONGEST_WORD = 40;
const LONGEST = 200;
/** Options whose value is `NAME=VALUE`. The value may be anything. */
const ENVIRONMENT = ["--env", "-e", "--build-arg", "--label"];

/**
 * A docker command as a message shows it: in one line, long words (a shell script, an SQL statement) cut, values of
 * environment variables left out. Secrets are in no command line of ours; this keeps what is not ours out as well.
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
