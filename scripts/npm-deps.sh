#!/usr/bin/env bash
# Installs the Node dependencies, exactly as locked. Does nothing if they are there.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

cd "$ROOT"
readonly INSTALLED=node_modules/.installed-lock.json
if cmp -s package-lock.json "$INSTALLED"; then
  say 'Node dependencies: installed.'
  exit
fi
has npm || fail 'npm is missing.' 'Install Node.js 20.12 or newer (https://nodejs.org/), then run this again.'
say 'Node dependencies: installing …'
npm ci --no-audit --no-fund --loglevel=error >&2 ||
  fail 'npm ci failed.' 'Fix what it says, then run this again.'
cp package-lock.json "$INSTALLED"
say 'Node dependencies: installed.'
