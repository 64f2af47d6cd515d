#!/usr/bin/env bash
# Makes sure of everything that the tests need, runs them all, and ends with the slowest files and the count.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# Vitest's JSON, with the time of each file.
readonly REPORT=$LOCAL/test-report.json
readonly CHECK_LOG=$LOCAL/log/check.log
# The exit code of the checks, once they are done: until then no test on the Docker engine begins.
export NESTFLEET_CHECK=$LOCAL/check.exit

# Into a file, not between the lines of the tests that run beside it.
# shellcheck disable=SC2317 # it is called by "beside"
check() {
  local status=0
  scripts/check.sh >"$CHECK_LOG" 2>&1 || status=$?
  echo "$status" >"$NESTFLEET_CHECK.new"
  mv "$NESTFLEET_CHECK.new" "$NESTFLEET_CHECK"
}

cd "$ROOT"
beside toolchain scripts/toolchain.sh
scripts/npm-deps.sh
scripts/engine.sh ensure
wait_for_jobs

mkdir -p "$LOCAL/log"
rm -f "$REPORT" "$NESTFLEET_CHECK"
say 'types, lint and format, beside the unit tests …'
beside checks check
status=0
npx --no-install vitest run --reporter=default --reporter=./test/support/report.mts --outputFile="$REPORT" "$@" ||
  status=$?
wait_for_jobs
if [[ $(<"$NESTFLEET_CHECK") != 0 ]]; then
  cat "$CHECK_LOG" >&2
  say 'types, lint or format: see above.'
  status=1
fi
[[ ! -f $REPORT ]] || node --import tsx test/support/slowest.mts "$REPORT"
exit "$status"
