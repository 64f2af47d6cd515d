/** Commands for a person to type; each is whole, with the stack that it is about. */
export function configSet(stack: string, key: string, value: string): string {
  return `pulumi config set --stack ${stack} nestfleet:${key} ${value}`;
}

export function configSetPath(stack: string, path: string, value: string): string {
  return `pulumi config set --stack ${stack} --path 'nestfleet:${path}' ${value}`;
}

/** Asks for the value: on a command line it would stay in the shell's history. */
export function configSetSecret(stack: string, path: string): string {
  return `pulumi config set --stack ${stack} --secret --path 'nestfleet:${path}'`;
}

export function configRm(stack: string, key: string): string {
  return `pulumi config rm --stack ${stack} nestfleet:${key}`;
}

export function configRmPath(stack: string, path: string): string {
  return `pulumi config rm --stack ${stack} --path 'nestfleet:${path}'`;
}

export function up(stack: string): string {
  return `pulumi up --stack ${stack}`;
}

/** The way out of every change of release. */
export function stay(stack: string, version: string): string {
  return `or stay: ${configSet(stack, "version", version)}`;
}
