#!/usr/bin/env bash
# Everything that can be checked without an engine: types, lint and format of TypeScript, shell and Go, Go's tests.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# Neither linter of shell is an npm package: their distributions' are used.
need_shell_linters() {
  ! has shellcheck || ! has shfmt || return 0
  { [[ $(id -u) == 0 ]] && has apt-get; } ||
    fail 'shellcheck and shfmt are missing, which check the shell scripts.' 'Install both, then run this again.'
  say 'installing shellcheck and shfmt with apt …'
  local log=$LOCAL/linters.log
  mkdir -p "$LOCAL"
  if ! { apt-get update && apt-get install --yes --no-install-recommends shellcheck shfmt; } >"$log" 2>&1; then
    fail "apt could not install shellcheck and shfmt (all of it: $log)." 'Mend apt, then run this again.'
  fi
}

shell_files() {
  git ls-files --cached --others --exclude-standard '*.sh' scripts/pulumi .ci/run
}

cd "$ROOT"
scripts/npm-deps.sh
need_shell_linters
# Go's own, beside the rest: together they take as long as the longer one.
readonly GO_LOG=$LOCAL/check-toolchain.log
mkdir -p "$LOCAL"
scripts/toolchain.sh check >"$GO_LOG" 2>&1 &
toolchain=$!
trap 'kill "$toolchain" 2>/dev/null || true' EXIT
say 'types …'
npx --no-install tsc -p .
say 'lint …'
npx --no-install eslint .
npx --no-install prettier --check --log-level warn .
mapfile -t shell < <(shell_files)
shellcheck --external-sources --source-path=SCRIPTDIR "${shell[@]}"
shfmt -i 2 -ci -d "${shell[@]}"
say 'toolchain …'
wait "$toolchain" || {
  cat "$GO_LOG" >&2
  exit 1
}
trap - EXIT
