#!/usr/bin/env bash
# registry.sh start | stop [--purge] : the image registry on loopback, from which the demo release is pulled
set -euo pipefail
# shellcheck source=test/images/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

start() {
  if registry_answers; then return; fi
  note_ours
  build_image nestfleet-standin/registry:2 "$HERE/registry" nestfleet-standin/base:trixie
  if [[ $(docker container inspect --format '{{.State.Running}} {{.HostConfig.PortBindings}}' "$REGISTRY_NAME" \
    2>/dev/null) != "true "*"$REGISTRY_PORT"* ]]; then
    run_registry
  fi
  # Waits a little even if the registry could not be started: another build may have started it.
  local attempts=100
  if [[ -n $problem ]]; then attempts=20; fi
  while ((attempts-- > 0)); do
    if registry_answers; then
      progress "image registry answers at $REGISTRY"
      return
    fi
    sleep 0.1
  done
  fail "no image registry answers at $REGISTRY: ${problem:-see docker logs $REGISTRY_NAME}" \
    "If the port is taken, set NESTFLEET_REGISTRY_PORT to a free one."
}

problem=''

# Makes the container again, because the port may have changed; the images are in the volume. It has a network of its
# own, because Docker may have no default network.
run_registry() {
  docker rm --force "$REGISTRY_NAME" >/dev/null 2>&1 || true
  docker volume create --label nestfleet.standin=true "$REGISTRY_NAME" >/dev/null
  docker network inspect "$REGISTRY_NAME" >/dev/null 2>&1 ||
    docker network create --label nestfleet.standin=true "$REGISTRY_NAME" >/dev/null
  problem=$(docker run --detach --name "$REGISTRY_NAME" --label nestfleet.standin=true --restart unless-stopped \
    --network "$REGISTRY_NAME" --publish "127.0.0.1:$REGISTRY_PORT:5000" --volume "$REGISTRY_NAME:/var/lib/registry" \
    nestfleet-standin/registry:2 2>&1 >/dev/null | head -n 1) || true
}

stop() {
  docker rm --force "$REGISTRY_NAME" >/dev/null 2>&1 || true
  docker network rm "$REGISTRY_NAME" >/dev/null 2>&1 || true
  if [[ ${1:-} == --purge ]]; then docker volume rm --force "$REGISTRY_NAME" >/dev/null; fi
}

case "${1:-}" in
  start) start ;;
  stop) stop "${2:-}" ;;
  *) fail "usage: registry.sh start | stop [--purge]" ;;
esac
