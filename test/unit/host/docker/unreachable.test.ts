import { expect, test } from "vitest";
import { unreachable } from "../../../../components/host/docker/unreachable";

const HOST = "ssh://root@[::1]:2222";
/** As docker 28 wraps what its ssh has said. */
const wrapped = (words: string, code = 255) =>
  `error during connect: Get "http://docker.example.com/v1.50/version": command [ssh -o ConnectTimeout=30 -T -l root -p 2222 -- ::1 docker system dial-stdio] has exited with exit status ${code}, make sure the URL is valid, and Docker 18.09 or later is installed on the remote host: stderr=${words}\n`;

test.each([
  [
    "a host key that is not known",
    wrapped("Host key verification failed."),
    /ssh key is not known.*Host key verification failed\.\)\. Next: .*: ssh -p 2222 root@::1 true$/,
  ],
  [
    "one that has changed",
    wrapped("@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @\nHost key verification failed."),
    /ssh key has changed.*ssh-keygen -R/,
  ],
  [
    "a key that is not let in",
    wrapped("root@::1: Permission denied (publickey)."),
    /does not let this user in.*BatchMode=yes -p 2222 root@::1 true$/,
  ],
  [
    "a name that is not known",
    wrapped("ssh: Could not resolve hostname x.invalid: Name or service not known"),
    /name is not known/,
  ],
  [
    "a closed port",
    wrapped("ssh: connect to host ::1 port 2222: Connection refused"),
    /no ssh connection can be opened: ssh: connect to host ::1 port 2222: Connection refused\)/,
  ],
  [
    "logins that are turned away",
    wrapped("kex_exchange_identification: Connection closed by remote host"),
    /no ssh connection can be opened/,
  ],
  ["a host without docker", wrapped("bash: docker: command not found", 127), /finds no docker there.*docker version$/],
  [
    "a user without rights",
    "permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock: connect: permission denied",
    /group docker/,
  ],
  [
    "an engine that is too new",
    "Error response from daemon: client version 1.41 is too old. Minimum supported API version is 1.44, please upgrade your client to a newer version",
    /too far apart/,
  ],
  [
    "an engine that does not run",
    "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?",
    /no Docker engine answers/,
  ],
  [
    "an engine that hangs",
    "no answer within 60 s",
    /hangs: no answer within 60 s\)\. Next: .*docker --host ssh:\/\/root@\[::1\]:2222 version$/,
  ],
  ["anything else", "unforeseen words", /\(ssh:\/\/root@\[::1\]:2222: unforeseen words\)\. Next: /],
])("%s is reported in one sentence, with the next step", (_, said, expected) => {
  const { unreachable: reason, next } = unreachable(HOST, said);
  const told = `${reason}. Next: ${next}`;
  expect(told).toMatch(expected);
  expect(told).not.toMatch(/dial-stdio|\n/);
});
