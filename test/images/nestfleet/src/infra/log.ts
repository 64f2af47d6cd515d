type Level = "debug" | "info" | "warn" | "error";

const levels: readonly Level[] = ["debug", "info", "warn", "error"];
const wanted = levels.findIndex((level) => level === process.env.LOG_LEVEL);
const threshold = wanted === -1 ? levels.indexOf("info") : wanted;

function writer(level: Level): (message: string, fields?: Record<string, unknown>) => void {
  return (message, fields = {}) => {
    if (levels.indexOf(level) < threshold) return;
    process.stdout.write(`${JSON.stringify({ time: new Date().toISOString(), level, message, ...fields })}\n`);
  };
}

export const log = { debug: writer("debug"), info: writer("info"), warn: writer("warn"), error: writer("error") };

export function reason(cause: unknown): string {
  // pg reports a refused connection to several addresses as an AggregateError without a message.
  if (cause instanceof AggregateError) return cause.errors.map(reason).join("; ");
  return cause instanceof Error ? cause.message : String(cause);
}
