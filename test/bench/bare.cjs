// The bare program of preview.ts. It registers the resources of a running stack as its state has them, and does no
// more.
const command = require("@pulumi/command");
const docker = require("@pulumi/docker");
const pulumi = require("@pulumi/pulumi");
const random = require("@pulumi/random");

const KINDS = {
  "pulumi:providers:docker": docker.Provider,
  "docker:index/container:Container": docker.Container,
  "docker:index/network:Network": docker.Network,
  "docker:index/remoteImage:RemoteImage": docker.RemoteImage,
  "docker:index/volume:Volume": docker.Volume,
  "command:local:Command": command.local.Command,
  "random:index/randomPassword:RandomPassword": random.RandomPassword,
};
/** The mark of a secret in the state. */
const SECRET = "4dabf18193072939515e22adb298388d";

function input(value) {
  if (Array.isArray(value)) return value.map(input);
  if (value === null || typeof value !== "object") return value;
  if (SECRET in value) return pulumi.secret(JSON.parse(value.plaintext));
  const entries = Object.entries(value).filter(([key]) => key !== "__defaults");
  return Object.fromEntries(entries.map(([key, entry]) => [key, input(entry)]));
}

const made = {};
for (const { type, urn, inputs, parent, provider, protect } of require("./resources.json")) {
  const name = urn.split("::").at(-1);
  const options = { parent: made[parent], provider: made[provider?.replace(/::[^:]*$/, "")], protect };
  const Kind = KINDS[type];
  made[urn] = Kind ? new Kind(name, input(inputs), options) : new pulumi.ComponentResource(type, name, {}, options);
}
