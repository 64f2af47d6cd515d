#!/usr/bin/env bash
# compile.sh OUTPUT : compiles the proxy that go.mod names, for the engine's machine
set -euo pipefail
output=$1
module=github.com/caddyserver/caddy/v2
cd "$(dirname "${BASH_SOURCE[0]}")"
# A binary whose main module is another than the proxy's does not know its own version.
version=$(go list -m -f '{{.Version}}' "$module")
arch=$(docker version --format '{{.Server.Arch}}')
CGO_ENABLED=0 GOOS=linux GOARCH=$arch go build -trimpath -ldflags="-s -w -X $module.CustomVersion=$version" \
  -o "$output" "$module/cmd/caddy"
