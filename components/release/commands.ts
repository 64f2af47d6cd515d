import { DATABASE, SUPERUSER } from "./names";

/** Commands for an operator to type. Each is complete: it names its stack and its Docker host. */

/** The Docker host that a docker client uses by default. */
export const LOCAL_DOCKER = "unix:///var/run/docker.sock";

/**
 * Names the command that runs Pulumi here. The wrapper sets the variable; so does a script by hand where only the
 * wrapper works.
 */
export function pulumi(command: string): string {
  return `${process.env["NESTFLEET_PULUMI"] ?? "pulumi"} ${command}`;
}

export function configSet(stack: string, key: string, value: string): string {
  return pulumi(`config set --stack ${stack} nestfleet:${key} ${value}`);
}

export function configSetPath(stack: string, path: string, value: string): string {
  return pulumi(`config set --stack ${stack} --path 'nestfleet:${path}' ${value}`);
}

/** Spells a path in the config as `pulumi config --path` reads it: a key with a dot stands in brackets. */
export function configPath([first = "", ...others]: readonly string[]): string {
  return others.reduce((path, key) => (key.includes(".") ? `${path}["${key}"]` : `${path}.${key}`), first);
}

/** The command asks for the value, because on a command line the value would stay in the shell's history. */
export function configSetSecret(stack: string, path: string): string {
  return pulumi(`config set --stack ${stack} --secret --path 'nestfleet:${path}'`);
}

/** A key of the config, and the file that contains its value. */
interface FromFile {
  readonly stack: string;
  readonly path: string;
  readonly file: string;
  readonly secret?: boolean;
}

/**
 * The command reads the value from a file: it may have several lines, and the shell's history does not keep a private
 * key.
 */
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

/** The command for a stack whose containers were removed by hand, which a plain update does not notice. */
export function upRefresh(stack: string): string {
  return pulumi(`up --refresh --stack ${stack}`);
}

/** The command that gives up a change of release. */
export function keepVersion(stack: string, version: string): string {
  return `or stay: ${configSet(stack, "version", version)}`;
}

/**
 * A docker command for the stack's own host. It names no host only where the docker client of this shell uses that host
 * anyway.
 */
export function docker(host: string | undefined, command: string): string {
  const redirected = ["DOCKER_HOST", "DOCKER_CONTEXT"].some((name) => (process.env[name] ?? "") !== "");
  return host === undefined || (host === LOCAL_DOCKER && !redirected)
    ? `docker ${command}`
    : `docker --host ${shellWord(host)} ${command}`;
}

/** A statement, the database where it runs, and the role that runs it. */
export interface Psql {
  /** The database's container. */
  readonly container: string;
  readonly host: string | undefined;
  /** The statement must not contain a single quote. */
  readonly sql: string;
  /** The superuser, if none is named. */
  readonly role?: string;
  /** The application's database, if none is named. */
  readonly database?: string;
  /** The options of psql that precede the statement. */
  readonly options?: string;
  /** The statement asks the operator for input. */
  readonly asks?: boolean;
}

/** The command with which an operator runs a statement in the database of a stack. */
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

/** A call of one of this program's scripts. */
interface ScriptCall {
  readonly name: "backup" | "drill" | "restore";
  /** Without a stack, the script takes the only one that it finds. */
  readonly stack?: string | undefined;
  readonly host?: string | undefined;
  readonly options?: readonly string[];
}

/** The command that runs one of this program's scripts, on the stack's own host. */
export function script({ name, stack, host, options = [] }: ScriptCall): string {
  const words = [
    `scripts/${name}.sh`,
    ...(stack === undefined ? [] : ["--stack", stack]),
    ...(host === undefined || host === LOCAL_DOCKER ? [] : ["--docker-host", shellWord(host)]),
    ...options,
  ];
  return words.join(" ");
}

/** The command with which an operator accepts a backup as the stack's own, though the stack has not signed it. */
export function trust(stack: string | undefined, host: string | undefined, id: string): string {
  return script({ name: "backup", stack, host, options: ["--trust", id] });
}

/** Quotes a text for a shell, unless no character of it has a meaning for a shell. */
export function shellWord(text: string): string {
  return /^[\w./:@-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
