/** What docker or ssh says, what it means, and what mends it, on this machine unless it says otherwise. */
interface Cause {
  readonly said: RegExp;
  readonly means: string;
  readonly next: (host: string, login: string) => string;
}

/** The first that fits: what ssh says comes before what docker makes of it. */
const CAUSES: readonly Cause[] = [
  {
    said: /REMOTE HOST IDENTIFICATION HAS CHANGED/,
    means: "the host's ssh key is another one than before",
    next: (_, login) => `if the host was made anew, forget the old key (ssh-keygen -R), then: ssh ${login} true`,
  },
  {
    said: /Host key verification failed/,
    means: "the host's ssh key is not known to this user",
    next: (_, login) => `compare and accept the key, once: ssh ${login} true`,
  },
  {
    said: /Permission denied \((?!.*docker)/,
    means: "ssh does not let this user in without a question",
    next: (_, login) =>
      `give a key that needs no passphrase or lies in an agent, until this works: ssh -o BatchMode=yes ${login} true`,
  },
  {
    said: /Could not resolve hostname/,
    means: "the host's name is not known",
    next: (_, login) => `mend nestfleet:dockerHost or the name server, until this works: ssh ${login} true`,
  },
  {
    said: /ssh: connect to host|kex_exchange_identification|Connection (?:closed|reset|timed out)/,
    means: "no ssh connection comes about",
    next: (_, login) => `mend nestfleet:dockerHost, the network or sshd, until this works: ssh ${login} true`,
  },
  {
    said: /docker: (?:command )?not found|exit status 127/,
    means: "ssh finds no docker there",
    next: (_, login) => `install Docker on the host, until this works: ssh ${login} docker version`,
  },
  {
    said: /permission denied while trying to connect to the docker/i,
    means: "this user may not talk to Docker",
    next: () => "on the host, put the user into the group docker (sudo usermod -aG docker USER), and log in again",
  },
  {
    said: /client version \S+ is too (?:old|new)|requires? (?:a )?newer/i,
    means: "this machine's docker client and the host's engine are too far apart",
    next: () => "update the older of the two: docker version shows both",
  },
  {
    said: /Cannot connect to the Docker daemon|Is the docker daemon running|no such file or directory/i,
    means: "no Docker engine answers there",
    next: (host, login) =>
      host.startsWith("ssh://")
        ? `start Docker on the host, until this works: ssh ${login} docker version`
        : "start Docker, or mend nestfleet:dockerHost",
  },
  {
    said: /^no answer within/,
    means: "the Docker engine, or the way to it, hangs",
    next: (host) => `look at the engine and the way to it, until this works: docker --host ${host} version`,
  },
];

/**
 * Why a Docker host cannot be asked, in one sentence and with what was said, and what to do next. Of ssh's words the
 * last line counts, and docker's own are left out: it shows the whole command that it ran.
 */
export function unreachable(host: string, said: string): { unreachable: string; next: string } {
  const cause = CAUSES.find((one) => one.said.test(said));
  const words = (/stderr=([^]*)$/.exec(said)?.[1] ?? said).trim().split("\n").at(-1)?.trim() ?? "";
  const what = cause === undefined ? words || "docker says nothing" : `${cause.means}: ${words}`;
  const next = cause?.next(host, loginOf(host)) ?? `look at it until this works: docker --host ${host} version`;
  return { unreachable: `the host cannot be reached (${host}: ${what})`, next };
}

/** What ssh calls the host of a `ssh://` URL. */
function loginOf(host: string): string {
  const { username = "", hostname = "", port = "" } = URL.canParse(host) ? new URL(host) : {};
  const login = `${username && `${username}@`}${hostname.replace(/^\[|\]$/g, "")}`;
  return port === "" ? login : `-p ${port} ${login}`;
}
