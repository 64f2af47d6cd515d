import { LOOPBACK_UP } from "./engine";

/** Listens on the ports before "--" and never answers; what follows is run, and inherits that. */
const LISTEN_AND_RUN = `
  $^F = 255;
  my @listening;
  while ((my $port = shift @ARGV) ne "--") {
    socket(my $listener, AF_INET, SOCK_STREAM, 0) or die "socket: $!";
    bind($listener, sockaddr_in($port, INADDR_LOOPBACK)) or die "bind: $!";
    listen($listener, 1) or die "listen: $!";
    push @listening, $listener;
  }
  exec @ARGV or die "exec: $!";`;

/**
 * The command line that runs a command in a network of its own, as the container of a CI job has it: it has the
 * engine's socket and not its ports, and its own loopback has something else on `ports`. Needs root.
 */
export function inOwnNetwork(ports: readonly number[], ...command: string[]): string[] {
  const perl = ["perl", "-e", `${LOOPBACK_UP}${LISTEN_AND_RUN}`];
  return ["unshare", "--net", ...perl, ...ports.map(String), "--", ...command];
}
