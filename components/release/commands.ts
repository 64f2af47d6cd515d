import { DATABASE, SUPERUSER } from "./names";

/** Commands for a person to type; each is whole, with the stack and the Docker host that it is about. */

/** Where a docker client asks by itself, when nothing else is said. */
export const LOCAL_DOCKER = "unix:///var/run/docker.sock";

/** What calls Pulumi here: the wrapper says so itself, and a script by hand knows whether only the wrapper works. */
export function pulumi(command: string): string {
  return `${process.env["NESTFLEET_PULUMI"] ?? "pulumi"} ${command}`;
}

export function configSet(stack: string, key: string, value: string): string {
  return pulumi(`config set --stack ${stack} nestfleet:${key} ${value}`);
}

export function configSetPath(stack: string, path: string, value: string): string {
  return pulumi(`config set --stack ${stack} --path 'nestfleet:${path}' ${value}`);
}

/** Asks for the value: on a command line it would stay in the shell's history. */
export function configSetSecret(stack: string, path: string): string {
  return pulumi(`config set --stack ${stack} --secret --path 'nestfleet:${path}'`);
}

/** A key of the config, and the file that has its value. */
interface FromFile {
  readonly stack: string;
  readonly path: string;
  readonly file: string;
  readonly secret?: boolean;
}

/** From a file, by standard input: a value of several lines, and for a key one that no shell remembers. */
export function configSetFile({ stack, path, file, secret = false }: FromFile): string {
  return pulumi(`config set --stack ${stack}${secret ? " --secret" : ""} --path 'nestfleet:${path}' < ${file}`);
}

export function configRm(stack: string, key: string): string {
  return pulumi(`config rm --stack ${stack} nestfleet:${key}`);
}

export function configRmPath(stack: string, path: string): string {
  return pulumi(`config rm --stack ${stack} --path 'nestfleet:${path}'`);
}

export function up(stack: string): string {
  return pulumi(`up --stack ${stack}`);
}

/** After containers were removed by hand, which a plain update does not see. */
export function upRefresh(stack: string): string {
  return pulumi(`up --refresh --stack ${stack}`);
}

/** The way out of every change of release. */
export function keepVersion(stack: string, version: string): string {
  return `or stay: ${configSet(stack, "version", version)}`;
}

/** A docker command for the stack's own host; without a host only where the client of this shell asks there anyway. */
export function docker(host: string | undefined, command: string): string {
  const redirected = ["DOCKER_HOST", "DOCKER_CONTEXT"].some((name) => (process.env[name] ?? "") !== "");
  return host === undefined || (host === LOCAL_DOCKER && !redirected)
    ? `docker ${command}`
    : `docker --host ${shellWord(host)} ${command}`;
}

/** A statement, where it is run, and as whom. */
export interface Psql {
  /** The database's own. */
  readonly container: string;
  readonly host: string | undefined;
  /** Without a single quote. */
  readonly sql: string;
  /** The superuser, if none is named. */
  readonly role?: string;
  /** The one of the application, if none is named. */
  readonly database?: string;
  /** The options of psql that precede the statement. */
  readonly options?: string;
  /** The statement asks the person something. */
  readonly asks?: boolean;
}

/** A statement for a person to run in the database of a stack. */
export function psql({
  container,
  host,
  sql,
  role = SUPERUSER,
  database = DATABASE,
  options = "-c",
  asks,
}: Psql): string {
  const exec = `exec ${asks === true ? "-it " : ""}${container}`;
  return docker(host, `${exec} psql -U ${role} -d ${database} ${options} '${sql}'`);
}

/** A call of one of our own scripts. */
interface ScriptCall {
  readonly name: "backup" | "drill" | "restore";
  /** Without one, the script finds the only stack. */
  readonly stack?: string | undefined;
  readonly host?: string | undefined;
  readonly options?: readonly string[];
}

/** One of our own scripts, on the stack's own host. */
export function script({ name, stack, host, options = [] }: ScriptCall): string {
  const words = [
    `scripts/${name}.sh`,
    ...(stack === undefined ? [] : ["--stack", stack]),
    ...(host === undefined || host === LOCAL_DOCKER ? [] : ["--docker-host", shellWord(host)]),
    ...options,
  ];
  return words.join(" ");
}

/** By which an operator says that a backup is the stack's own, though the stack has not signed it. */
export function trust(stack: string | undefined, host: string | undefined, id: string): string {
  return script({ name: "backup", stack, host, options: ["--trust", id] });
}

/** As it is where nothing in it means anything to a shell. */
export function shellWord(text: string): string {
  return /^[\w./:@-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
