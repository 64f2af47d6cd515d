#!/usr/bin/env bash
# The Docker engine: `engine.sh ensure` finds one or starts one, `engine.sh stop`
# ends the one that was started here.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

readonly STATE=$LOCAL/dockerd
readonly LOG=$STATE/dockerd.log
readonly PID_FILE=$STATE/dockerd.pid

# The engine's version, through DOCKER_HOST, the context or the default socket.
engine_version() {
  has docker && within 10 docker version --format '{{.Server.Version}}' 2>/dev/null
}

is_root() {
  [[ $(id -u) == 0 ]]
}

# The pid of the dockerd that was started here: its output goes to our log, which
# tells it from another process that got the number of a dead one.
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
      fail "dockerd ended while it started (all of it: $LOG)." 'Mend what it says, then run this again.'
    fi
    ((SECONDS < deadline)) ||
      fail "dockerd does not answer after 60 s." "Look at $LOG, or: journalctl -u docker"
    sleep 0.3
  done
  echo "$version"
}

# forget_dead NAME FILE: a pid file that a killed NAME left. Its number may be another process's by now, which the
# next start would take for a NAME that runs.
forget_dead() {
  local pid
  pid=$(cat "$2" 2>/dev/null) || return 0
  [[ $(cat "/proc/$pid/comm" 2>/dev/null) == "$1" ]] || rm -f "$2"
}

# Without a service manager all containers are in one group, which weighs no more than the session of each process of
# the engine: what serves would wait whenever a container is made or stopped. As systemd weighs them, each container
# like the engine itself; ten times stands for their number. Where the kernel does not let us, they wait.
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

# As a service would: in a session of its own, without this terminal.
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
    # iptables, which dockerd calls, is a dependency of docker.io; ca-certificates and
    # xz-utils, which pulls and imports need, are only recommended by it.
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
