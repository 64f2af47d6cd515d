/**
 * The environment of whatever the program and its scripts start: all but Pulumi's own. The engine hands the program the
 * whole config, decrypted, in PULUMI_CONFIG, and passphrase and access token are beside it. What docker and git start in
 * turn (credential helpers, plugins, ssh and its proxies) has no business with those.
 */
export function childEnvironment(more: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith("PULUMI_"));
  return { ...Object.fromEntries(own), ...more };
}
