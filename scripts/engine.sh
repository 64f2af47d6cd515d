#!/usr/bin/env bash
# `engine.sh ensure` makes sure that a Docker engine runs, and starts one if necessary. `engine.sh stop` ends the one
# that this script has started.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

readonly STATE=$LOCAL/dockerd
readonly LOG=$STATE/dockerd.log
readonly PID_FILE=$STATE/dockerd.pid

# The version of the Docker engine, asked through DOCKER_HOST, the context or the default socket.
engine_version() {
  has docker && within 10 docker version --format '{{.Server.Version}}' 2>/dev/null
}

is_root() {
  [[ $(id -u) == 0 ]]
}

# The pid of the dockerd that this script has started. Its output goes to $LOG; another process that has got the pid of
# a dead dockerd does not write there.
our_dockerd() {
  local pid
  pid=$(cat "$PID_FILE" 2>/dev/null) || return 1
  [[ $pid =~ ^[0-9]+$ && $(readlink "/proc/$pid/fd/1" 2>/dev/null) == "$LOG" ]] || return 1
  echo "$pid"
}

advise() {
  fail "$1" \
    'Install Docker (https://docs.docker.com/engine/install/) and start it, or set DOCKER_HOST, then run this again.'
}

wait_for_engine() {
  local deadline=$((SECONDS + 60)) version
  until version=$(engine_version); do
    if [[ -n ${1:-} ]] && ! kill -0 "$1" 2>/dev/null; then
      tail -n 5 "$LOG" >&2
      fail "dockerd ended while it started (its whole log: $LOG)." 'Fix what the log says, then run this again.'
    fi
    ((SECONDS < deadline)) ||
      fail "dockerd does not answer after 60 s." "Look at $LOG, or: journalctl -u docker"
    sleep 0.3
  done
  echo "$version"
}

# forget_dead NAME FILE: removes a pid file that a killed NAME has left. Another process may have got its pid by now,
# and the next start would take that process for a running NAME.
forget_dead() {
  local pid
  pid=$(cat "$2" 2>/dev/null) || return 0
  [[ $(cat "/proc/$pid/comm" 2>/dev/null) == "$1" ]] || rm -f "$2"
}

# Without a service manager all containers are in one control group, which gets no more CPU weight than the session of a
# single Docker process: requests would wait whenever a container is made or stopped. With systemd, each container
# weighs as much as Docker itself. Ten times that weight stands for the number of containers. If the kernel does not
# allow this setting, requests wait.
weigh_containers() {
  local cgroups=/sys/fs/cgroup
  if [[ -f $cgroups/cgroup.controllers ]]; then
    echo +cpu >"$cgroups/cgroup.subtree_control"
    mkdir -p "$cgroups/docker"
    echo 1000 >"$cgroups/docker/cpu.weight"
  else
    mkdir -p "$cgroups/cpu/docker"
    echo 10240 >"$cgroups/cpu/docker/cpu.shares"
  fi
}

# Starts dockerd as a service would: in a session of its own, without this terminal.
start_dockerd() {
  (weigh_containers) 2>/dev/null || true
  forget_dead dockerd /var/run/docker.pid
  forget_dead containerd /var/run/docker/containerd/containerd.pid
  [[ ! -f $LOG ]] || mv -f "$LOG" "$LOG.before"
  setsid nohup dockerd >"$LOG" 2>&1 </dev/null &
  local pid=$!
  echo "$pid" >"$PID_FILE"
  local version
  version=$(wait_for_engine "$pid")
  say "Docker engine $version: started (pid $pid, log $LOG); npm run engine:stop ends it."
}

start_service() {
  systemctl start docker >&2 || fail 'systemd could not start docker.' 'Look at: journalctl -u docker'
  local version
  version=$(wait_for_engine)
  say "Docker engine $version: started by systemd."
}

ensure() {
  local version
  if version=$(engine_version); then
    say "Docker engine $version: answers."
    return
  fi
  if [[ -n ${DOCKER_HOST:-} ]]; then
    fail "No Docker engine answers at DOCKER_HOST=$DOCKER_HOST." \
      'Start it, or unset DOCKER_HOST, then run this again.'
  fi
  local socket=/var/run/docker.sock
  if [[ -S $socket && ! -w $socket ]]; then
    fail "The Docker engine's socket $socket may not be used by $(id -un)." \
      "sudo usermod -aG docker $(id -un), log in again, then run this again."
  fi
  is_root || advise "No Docker engine answers, and $(id -un) may not start one."
  mkdir -p "$STATE"
  if ! has docker || ! has dockerd; then
    has apt-get || advise 'No Docker engine, and this is not a Debian or Ubuntu system where apt could install it.'
    say 'No Docker engine.'
    # docker.io depends on iptables, which dockerd calls. It only recommends ca-certificates and xz-utils, which pulls
    # and imports need.
    apt_install docker.io ca-certificates xz-utils
    if version=$(engine_version); then
      say "Docker engine $version: installed."
      return
    fi
  fi
  if [[ -d /run/systemd/system ]]; then
    start_service
  else
    start_dockerd
  fi
}

stop() {
  local pid
  if ! pid=$(our_dockerd); then
    rm -f "$PID_FILE"
    say 'No Docker engine was started here: nothing to stop.'
    return
  fi
  kill "$pid"
  # dockerd gives its containers their grace periods first.
  local deadline=$((SECONDS + 120))
  while kill -0 "$pid" 2>/dev/null; do
    ((SECONDS < deadline)) || fail "dockerd (pid $pid) has not ended after 120 s." "Look at $LOG."
    sleep 0.2
  done
  rm -f "$PID_FILE"
  say "Docker engine: stopped (pid $pid)."
}

case ${1:-} in
  ensure) ensure ;;
  stop) stop ;;
  *) fail "usage: $0 ensure|stop" ;;
esac
