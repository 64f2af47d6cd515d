/**
 * The words of docker or ssh, what they mean, and how to fix the cause, on this machine unless the text says otherwise.
 */
interface Cause {
  readonly said: RegExp;
  readonly means: string;
  readonly next: (host: string, login: string) => string;
}

/** The first cause that fits counts: the words of ssh come before those of docker. */
const CAUSES: readonly Cause[] = [
  {
    said: /REMOTE HOST IDENTIFICATION HAS CHANGED/,
    means: "the host's ssh key has changed",
    next: (_, login) => `if the host was installed again, forget the old key (ssh-keygen -R), then: ssh ${login} true`,
  },
  {
    said: /Host key verification failed/,
    means: "the host's ssh key is not known to this user",
    next: (_, login) => `compare and accept the key, once: ssh ${login} true`,
  },
  {
    said: /Permission denied \((?!.*docker)/,
    means: "ssh does not let this user in without a prompt",
    next: (_, login) =>
      `use a key that has no passphrase or is in an agent, until this works: ssh -o BatchMode=yes ${login} true`,
  },
  {
    said: /Could not resolve hostname/,
    means: "the host's name is not known",
    next: (_, login) => `fix nestfleet:dockerHost or the name server, until this works: ssh ${login} true`,
  },
  {
    said: /ssh: connect to host|kex_exchange_identification|Connection (?:closed|reset|timed out)/,
    means: "no ssh connection can be opened",
    next: (_, login) => `fix nestfleet:dockerHost, the network or sshd, until this works: ssh ${login} true`,
  },
  {
    said: /docker: (?:command )?not found|exit status 127/,
    means: "ssh finds no docker there",
    next: (_, login) => `install Docker on the host, until this works: ssh ${login} docker version`,
  },
  {
    said: /permission denied while trying to connect to the docker/i,
    means: "this user has no permission to use Docker",
    next: () => "on the host, put the user into the group docker (sudo usermod -aG docker USER), and log in again",
  },
  {
    said: /client version \S+ is too (?:old|new)|requires? (?:a )?newer/i,
    means: "the versions of this machine's docker client and the host's Docker Engine are too far apart",
    next: () => "update the older of the two: docker version shows both",
  },
  {
    said: /Cannot connect to the Docker daemon|Is the docker daemon running|no such file or directory/i,
    means: "no Docker engine answers there",
    next: (host, login) =>
      host.startsWith("ssh://")
        ? `start Docker on the host, until this works: ssh ${login} docker version`
        : "start Docker, or fix nestfleet:dockerHost",
  },
  {
    said: /^no answer within/,
    means: "Docker, or the connection to it, hangs",
    next: (host) => `check Docker and the connection to it, until this works: docker --host ${host} version`,
  },
];

/**
 * Says in one sentence why a Docker host cannot be reached, with the words of docker or ssh, and what to do next. Only
 * the last line of ssh is quoted; docker's words around it are left out, because they contain the whole ssh command.
 */
export function unreachable(host: string, said: string): { unreachable: string; next: string } {
  const cause = CAUSES.find((one) => one.said.test(said));
  const words = (/stderr=([^]*)$/.exec(said)?.[1] ?? said).trim().split("\n").at(-1)?.trim() ?? "";
  const what = cause === undefined ? words || "docker says nothing" : `${cause.means}: ${words}`;
  const next =
    cause?.next(host, loginOf(host)) ?? `check the connection until this works: docker --host ${host} version`;
  return { unreachable: `the Docker host cannot be reached (${host}: ${what})`, next };
}

/** Spells the host of a `ssh://` URL for ssh. */
function loginOf(host: string): string {
  const { username = "", hostname = "", port = "" } = URL.canParse(host) ? new URL(host) : {};
  const login = `${username && `${username}@`}${hostname.replace(/^\[|\]$/g, "")}`;
  return port === "" ? login : `-p ${port} ${login}`;
}
