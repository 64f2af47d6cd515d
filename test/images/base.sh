#!/usr/bin/env bash
# base.sh : provides the Debian trixie base image: pulls it if an image registry can be reached, otherwise makes it
set -euo pipefail
# shellcheck source=test/images/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

base=nestfleet-standin/base:trixie

main() {
  if docker image inspect "$base" >/dev/null 2>&1; then return; fi
  if image_registry_in_reach; then pull; else bootstrap; fi
}

pull() {
  mkdir -p "$WORK/log"
  progress "pulling Debian trixie"
  docker build --label nestfleet.standin=true --tag "$base" "$HERE/base" >"$WORK/log/base.log" 2>&1 ||
    fail "debian:trixie-slim could not be pulled; fix Docker's connection to its image registry and run this again: $(tail -n 1 "$WORK/log/base.log")"
}

bootstrap() {
  need_mmdebstrap
  progress "making Debian trixie with mmdebstrap"
  local log="$WORK/log/base.log"
  mkdir -p "$WORK/log"
  # Documentation and translations are two fifths of the image.
  if ! mmdebstrap --variant=minbase \
    --dpkgopt='path-exclude=/usr/share/doc/*' \
    --dpkgopt='path-exclude=/usr/share/man/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' \
    trixie "$WORK/base.tar" 2>"$log"; then
    tail -n 20 "$log" >&2
    fail "mmdebstrap failed; the whole log is in $log"
  fi
  docker import --change 'CMD ["bash"]' --change 'LABEL nestfleet.standin=true' "$WORK/base.tar" "$base" >/dev/null
  rm "$WORK/base.tar"
}

main
