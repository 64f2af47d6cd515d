#!/usr/bin/env bash
# engine.sh : provides the newest Docker engine that Debian has, with the C library that it needs, in a root file system
# of its own. Prints the folder. It is made once, which takes a minute.
set -euo pipefail
# shellcheck source=test/images/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

engines=$LOCAL/engines
root=$engines/newest
# This file is written last: a root file system without it is incomplete.
mark=$root/etc/nestfleet-engine
suite=sid
packages=docker.io,docker-cli,containerd,runc,iptables,ca-certificates,xz-utils,procps
oldest=28

main() {
  mkdir -p "$engines" "$WORK/log"
  exec {lock}>"$engines/lock"
  flock "$lock" # another test may be making it
  if ! is_made; then make; fi
  echo "$root"
}

# Debian's archive changes, but a root file system stays valid as long as suite and packages are the same.
is_made() { [[ -f $mark && $(<"$mark") == "$suite $packages" ]]; }

make() {
  [[ $(id -u) == 0 ]] || fail "a Docker engine of a test's own needs root"
  need_mmdebstrap
  progress "making the newest Docker engine of Debian $suite"
  local log=$WORK/log/engine.log version
  rm -rf "$root"
  # The release files of a snapshot mirror may have expired.
  if ! mmdebstrap --variant=minbase --aptopt='Acquire::Check-Valid-Until "false"' \
    --include="$packages" "$suite" "$root" 2>"$log"; then
    tail -n 20 "$log" >&2
    fail "mmdebstrap failed; the whole log is in $log"
  fi
  version=$(chroot "$root" dockerd --version | grep -oE '[0-9.]+' | head -n 1)
  version_at_least "$version" "$oldest" || fail "Debian $suite has Docker $version, and $oldest is wanted"
  echo "$suite $packages" >"$mark"
}

main
