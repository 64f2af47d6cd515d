#!/usr/bin/env bash
# registry.sh start | stop [--purge] : the image registry on loopback that the stand-in is pulled from
set -euo pipefail
# shellcheck source=lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

start() {
  if registry_answers; then return; fi
  note_ours
  build_image nestfleet-standin/registry:2 "$HERE/registry" nestfleet-standin/base:trixie
  # What is left of an earlier one keeps nothing: the images are in the volume.
  docker rm --force "$REGISTRY_NAME" >/dev/null 2>&1 || true
  docker volume create --label nestfleet.standin=true "$REGISTRY_NAME" >/dev/null
  docker run --detach --name "$REGISTRY_NAME" --label nestfleet.standin=true --restart unless-stopped \
    --publish "127.0.0.1:$REGISTRY_PORT:5000" --volume "$REGISTRY_NAME:/var/lib/registry" \
    nestfleet-standin/registry:2 >/dev/null ||
    fail "the image registry cannot start; if port $REGISTRY_PORT is taken, set NESTFLEET_REGISTRY_PORT to a free one"
  local attempt
  for attempt in {1..50}; do
    if registry_answers; then
      progress "image registry answers at $REGISTRY"
      return
    fi
    sleep 0.1
  done
  docker logs --tail 10 "$REGISTRY_NAME" >&2
  fail "the image registry does not answer at $REGISTRY after $((attempt / 10)) s; its last log lines are above"
}

stop() {
  docker rm --force "$REGISTRY_NAME" >/dev/null 2>&1 || true
  if [[ ${1:-} == --purge ]]; then docker volume rm --force "$REGISTRY_NAME" >/dev/null; fi
}

case "${1:-}" in
  start) start ;;
  stop) stop "${2:-}" ;;
  *) fail "usage: registry.sh start | stop [--purge]" ;;
esac
