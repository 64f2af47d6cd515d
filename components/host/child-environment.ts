/**
 * Gives the environment for the commands that the program and its scripts start, without Pulumi's own variables. Pulumi
 * passes the whole config, decrypted, in PULUMI_CONFIG, next to the passphrase and the access token. Commands that
 * docker and git start in turn (credential helpers, plugins, ssh and its proxies) must not see these.
 */
export function childEnvironment(more: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith("PULUMI_"));
  return { ...Object.fromEntries(own), ...more };
}
