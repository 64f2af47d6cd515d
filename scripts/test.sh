#!/usr/bin/env bash
# Makes sure of everything that the tests need, runs them all, and ends with the count.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

readonly RESULTS=$LOCAL/test-results.json

cd "$ROOT"
beside toolchain scripts/toolchain.sh
scripts/npm-deps.sh
scripts/engine.sh ensure
wait_for_jobs
scripts/check.sh

mkdir -p "$LOCAL"
rm -f "$RESULTS"
status=0
npx --no-install vitest run --reporter=default --reporter=json --outputFile="$RESULTS" "$@" || status=$?
node -p 'const r = JSON.parse(require("fs").readFileSync(process.argv[1]));
  r.numPassedTests + " passed, " + r.numFailedTests + " failed"' "$RESULTS"
exit "$status"
