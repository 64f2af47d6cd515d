#!/usr/bin/env bash
# build.sh [RELEASE...] : builds the stand-in's images and pushes them to the registry on loopback (all releases
# unless some are named). What is in place already is left alone.
set -euo pipefail
# shellcheck source=lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

base=nestfleet-standin/base:trixie
node=nestfleet-standin/node:20
postgres=nestfleet-standin/postgres:17
caddy=nestfleet-standin/caddy:2.11
caddy_module=github.com/caddyserver/caddy/v2

main() {
  docker version --format '{{.Server.Version}}' >/dev/null 2>&1 ||
    fail "no Docker engine answers; start it and run this again"
  local releases release compiling
  releases=$(stage "$@")
  note_ours
  compile_caddy &
  compiling=$!
  "$HERE/base.sh"
  note_ours
  build_image "$postgres" "$HERE/postgres" "$base"
  build_image "$node" "$HERE/node" "$base"
  "$HERE/registry.sh" start
  publish "$postgres" postgres:17
  for release in $releases; do build_release "$release"; done
  wait "$compiling" || exit 1
  build_caddy
  publish "$caddy" caddy:2.11
}

# Bundles the wanted releases and prints their versions.
stage() {
  local esbuild
  esbuild=$(cd "$ROOT" && node -p 'require.resolve("esbuild/bin/esbuild")' 2>/dev/null) ||
    fail "the Node.js dependencies are missing; install them: npm ci"
  mkdir -p "$WORK"
  "$esbuild" "$HERE/nestfleet/stage.ts" --bundle --platform=node --packages=external --log-level=error \
    --outfile="$WORK/stage.cjs"
  (cd "$ROOT" && NODE_PATH="$ROOT/node_modules" node "$WORK/stage.cjs" "$HERE/nestfleet" "$WORK/releases" "$@")
}

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

# The longest part, so it runs beside the others; Go's own cache makes a repetition cheap.
compile_caddy() {
  if is_built "$caddy" "$(inputs_of "$HERE/caddy" "$base")"; then return; fi
  command -v go >/dev/null || fail "Go is missing, which builds the proxy; install it and run this again"
  progress "compiling the proxy"
  mkdir -p "$ROOT/.nestfleet/bin"
  # A binary whose main module is another than the proxy's does not know its own version.
  local version
  version=$(cd "$HERE/caddy" && go list -m -f '{{.Version}}' "$caddy_module")
  (cd "$HERE/caddy" && CGO_ENABLED=0 go build -trimpath -ldflags="-s -w -X $caddy_module.CustomVersion=$version" -o "$ROOT/.nestfleet/bin/caddy" \
    "$caddy_module/cmd/caddy") || fail "the proxy could not be compiled; see above"
}

build_caddy() {
  local inputs
  inputs=$(inputs_of "$HERE/caddy" "$base")
  if is_built "$caddy" "$inputs"; then return; fi
  rm -rf "$WORK/caddy"
  mkdir -p "$WORK/caddy"
  cp "$HERE/caddy/Dockerfile" "$HERE/caddy/Caddyfile" "$ROOT/.nestfleet/bin/caddy" "$WORK/caddy/"
  build_image "$caddy" "$WORK/caddy" "$base" "$inputs"
}

main "$@"
