#!/usr/bin/env bash
# Installs what the tests need, runs all of them, and prints the slowest files and the number of tests at the end.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# The report of Vitest as JSON, with the time of each file.
readonly REPORT=$LOCAL/test-report.json
readonly CHECK_LOG=$LOCAL/log/check.log
# The file with the exit code of the checks. No test on the Docker engine begins before it exists.
export NESTFLEET_CHECK=$LOCAL/check.exit

# The output goes to a file, so that it is not mixed with that of the tests, which run at the same time.
# shellcheck disable=SC2317 # "beside" calls it
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
