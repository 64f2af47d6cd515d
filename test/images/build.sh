#!/usr/bin/env bash
# build.sh [RELEASE...] : builds the images of the demo release and pushes them to the registry on loopback: those of
# the named releases, or of all. An image that is up to date is not built again.
set -euo pipefail
# shellcheck source=test/images/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

base=nestfleet-standin/base:trixie
node=nestfleet-standin/node:20
postgres=nestfleet-standin/postgres:17
caddy=nestfleet-standin/caddy:2.11

main() {
  docker version --format '{{.Server.Version}}' >/dev/null 2>&1 ||
    fail "no Docker engine answers; start it and run this again"
  local release compiling
  stage
  # shellcheck disable=SC2046 # one argument for each release
  if [[ $# == 0 ]]; then set -- $(releases); fi
  for release in "$@"; do
    [[ -d $WORK/releases/$release ]] || fail "there is no release $release; there are" "$(releases)"
  done
  note_ours
  compile_caddy &
  compiling=$!
  "$HERE/base.sh"
  note_ours
  build_image "$postgres" "$HERE/postgres" "$base"
  build_image "$node" "$HERE/node" "$base"
  "$HERE/registry.sh" start
  publish "$postgres" postgres:17
  for release in "$@"; do build_release "$release"; done
  wait "$compiling" || exit 1
  build_caddy
  publish "$caddy" caddy:2.11
}

# Bundles every release, unless the existing bundles were made from the same sources and libraries.
stage() {
  local tsx=$ROOT/node_modules/.bin/tsx stamp=$WORK/releases/inputs inputs
  inputs=$(hash_of "$HERE/nestfleet")-$(cksum <"$ROOT/package-lock.json")
  if [[ -f $stamp && $(<"$stamp") == "$inputs" ]]; then return; fi
  [[ -x $tsx ]] || fail "the Node.js dependencies are missing; install them: npm ci"
  "$tsx" "$HERE/nestfleet/stage.ts" "$HERE/nestfleet" "$WORK/releases"
  echo "$inputs" >"$stamp"
}

releases() { (cd "$WORK/releases" && printf '%s\n' */ | tr -d /); }

build_release() {
  local version=$1 root="$WORK/releases/$1"
  build_image "nestfleet-standin/api:$version" "$root" "$node"
  build_image "nestfleet-standin/worker:$version" "$root/worker" "$node"
  build_image "nestfleet-standin/console:$version" "$root/console" "$node"
  local part
  for part in api worker console; do
    publish "nestfleet-standin/$part:$version" "nestfleet/nestfleet-$part:$version"
  done
}

# This takes longest, so it runs beside the rest. Go's own cache makes a repetition fast.
compile_caddy() {
  if is_built "$caddy" "$(inputs_of "$HERE/caddy" "$base")"; then return; fi
  if has go; then
    progress "compiling the proxy"
    mkdir -p "$LOCAL/bin"
    "$HERE/caddy/compile.sh" "$LOCAL/bin/caddy" || fail "the proxy could not be compiled; see above"
  elif ! image_registry_in_reach; then
    fail "Go is missing, which compiles the proxy; install it and run this again"
  fi
}

build_caddy() {
  local inputs context=$WORK/caddy
  inputs=$(inputs_of "$HERE/caddy" "$base")
  if is_built "$caddy" "$inputs"; then return; fi
  if has go; then
    rm -rf "$context"
    mkdir -p "$context"
    cp "$HERE/caddy/Dockerfile" "$HERE/caddy/Caddyfile" "$LOCAL/bin/caddy" "$context/"
  else
    context=$HERE/caddy/official
  fi
  build_image "$caddy" "$context" "$base" "$inputs"
}

main "$@"
