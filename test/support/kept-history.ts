import { parseHistory } from "../../components/release/records/history";
import { answered } from "./docker";
import { POSTGRES } from "./simulated-host";

/** A database server with the history of its stack. The database has two migrations and no role of the application. */
export class KeptHistory {
  public text = "";

  /** Answers a docker command that runs in the database's container. Gives undefined for any other command. */
  public readonly answer = (command: string, stdin: string): string | undefined => {
    if (!command.startsWith("exec ") || !command.includes(` ${POSTGRES} `)) return undefined;
    if (command.includes("history.jsonl") && command.includes("dd of=")) {
      this.text += stdin;
      return "";
    }
    if (command.includes("history.jsonl")) return this.text;
    if (command.includes(" df ")) return "Filesystem 1024-blocks Used Available\n/dev/a 9 1 8\n/dev/a 9 1 8";
    return answered(stdin, (question) => {
      if (question.includes("SELECT filename FROM")) return "0001_a.sql\n0002_b.sql";
      return question.includes("'sizeBytes'") ? '{"sizeBytes":1,"major":16,"extensions":{}}' : "";
    });
  };

  public lines(): string[] {
    return parseHistory(this.text).map(({ from, to, verdict }) => `${from ?? "nothing"} → ${to} ${verdict}`);
  }
}
