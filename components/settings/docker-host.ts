/**
 * Where a Docker engine is asked: on this machine, or over ssh. Never over plain TCP, where a listener becomes root there
 * next; never with a password, which would be in every process list: ssh has keys. Nothing in it is an option.
 */
export const DOCKER_HOST =
  /^(?:unix:\/\/\/[^\s]+|ssh:\/\/(?:[A-Za-z0-9_][A-Za-z0-9_.-]*@)?(?:[A-Za-z0-9][A-Za-z0-9_.-]*|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?)$/;

export const DOCKER_HOST_RULE = "unix:///path/to/docker.sock or ssh://user@host";
