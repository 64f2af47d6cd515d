import { LOOPBACK_UP } from "./engine";

/** Listens on the ports before "--" and never answers. Then it runs the command after "--", which keeps the sockets. */
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
 * Gives the command line that runs a command in a network of its own, as in the container of a CI job. The command can
 * use Docker's socket, but not the published ports: on its own loopback, something else listens on `ports`. Needs root.
 */
export function inOwnNetwork(ports: readonly number[], ...command: string[]): string[] {
  const perl = ["perl", "-e", `${LOOPBACK_UP}${LISTEN_AND_RUN}`];
  return ["unshare", "--net", ...perl, ...ports.map(String), "--", ...command];
}
