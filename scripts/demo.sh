#!/usr/bin/env bash
# Starts NestFleet on a bare machine: installs what is missing, then runs `pulumi up` on a local stack, with the demo
# release. A second run finds everything in place.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

readonly STACK=demo
readonly RELEASE=1.4.2 NEXT_RELEASE=1.5.0
readonly REGISTRY=127.0.0.1:${NESTFLEET_REGISTRY_PORT:-5055}
export PULUMI_STACK=$STACK

# Pulumi and the images do not need each other, so they are made side by side. The images mostly wait for downloads; a
# build of Pulumi takes the processor time that they leave.
prepare() {
  beside toolchain nice "$ROOT/scripts/toolchain.sh"
  "$ROOT/scripts/npm-deps.sh"
  "$ROOT/scripts/engine.sh" ensure
  "$ROOT/test/images/build.sh" "$RELEASE" "$NEXT_RELEASE"
  wait_for_jobs
}

pulumi() {
  "$ROOT/scripts/pulumi" --cwd "$ROOT" "$@"
}

config() {
  pulumi config set --stack "$STACK" --path "nestfleet:$1" "$2"
}

# The endpoint of the docker client: DOCKER_HOST, the endpoint of the context, or the default socket.
docker_host() {
  local context
  [[ -z ${DOCKER_HOST:-} ]] || { echo "$DOCKER_HOST" && return; }
  context=$(docker context inspect --format '{{.Endpoints.docker.Host}}' 2>/dev/null) || context=
  echo "${context:-unix:///var/run/docker.sock}"
}

# free_port FROM: the first port from FROM on that is not in use.
free_port() {
  local port=$1
  while (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do port=$((port + 1)); done
  echo "$port"
}

create_stack() {
  local http
  pulumi stack select "$STACK" --create >/dev/null
  [[ ! -s $ROOT/Pulumi.$STACK.yaml ]] || ! grep -q nestfleet:version "$ROOT/Pulumi.$STACK.yaml" || return 0
  http=$(free_port 8080)
  config dockerHost "$(docker_host)"
  config images.api "$REGISTRY/nestfleet/nestfleet-api"
  config images.console "$REGISTRY/nestfleet/nestfleet-console"
  config images.postgres "$REGISTRY/postgres:17"
  config images.caddy "$REGISTRY/caddy:2.11"
  config http.bind 127.0.0.1
  config http.httpPort "$http"
  config http.httpsPort "$(free_port $((http + 363)))"
  config health.soakSeconds 3
  config version "$RELEASE"
}

# Prints what an operator can do next.
epilogue() {
  local url
  url=$(pulumi stack output url --stack "$STACK")
  cat <<END

NestFleet runs:  $url  (console: $url/login)
Its health:      $(curl --silent --show-error "$url/health" 2>/dev/null || node -e "fetch('$url/health').then(r=>r.text()).then(console.log)")

Next:
  upgrade   scripts/pulumi config set --stack $STACK nestfleet:version $NEXT_RELEASE
            scripts/pulumi preview --stack $STACK --diff
            scripts/pulumi up --stack $STACK
  look      scripts/pulumi stack output --stack $STACK
  destroy   scripts/pulumi destroy --stack $STACK --exclude-protected    (keeps the data; the next up finds it)
END
}

prepare
create_stack
pulumi up --stack "$STACK" --yes --skip-preview
epilogue
