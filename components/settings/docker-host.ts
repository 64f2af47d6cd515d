/**
 * The address of a Docker host: a socket on this machine, or ssh. Plain TCP is refused, because an eavesdropper could
 * become root on the host. A password is refused, because every process list would show it; ssh has keys. No part of
 * the address can be read as an option.
 */
export const DOCKER_HOST =
  /^(?:unix:\/\/\/[^\s]+|ssh:\/\/(?:[A-Za-z0-9_][A-Za-z0-9_.-]*@)?(?:[A-Za-z0-9][A-Za-z0-9_.-]*|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?)$/;

export const DOCKER_HOST_RULE = "unix:///path/to/docker.sock or ssh://user@host";
