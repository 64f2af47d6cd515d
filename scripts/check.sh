#!/usr/bin/env bash
# Checks everything that needs no Docker: types, lint and format of TypeScript, shell and Go, and the tests of Go.
# Files that have passed are not checked again until one of them, or the version of Node.js, changes.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

readonly PASSED=$LOCAL/check.passed

# Prints the paths and contents of all files as one line; fails where a file in Git's index is gone.
fingerprint() {
  local files
  files=$(git ls-files --cached --others --exclude-standard)
  { node --version && echo "$files" && git hash-object --stdin-paths <<<"$files"; } | git hash-object --stdin
}

shell_files() {
  git ls-files --cached --others --exclude-standard '*.sh' scripts/pulumi .ci/run
}

cd "$ROOT"
scripts/npm-deps.sh
files=$(fingerprint) || files=''
if [[ -n $files && -f $PASSED && $(<"$PASSED") == "$files" ]]; then
  say 'types, lint and format: these files have passed before.'
  exit 0
fi
# These two are not npm packages.
has shellcheck || apt_install shellcheck
has shfmt || apt_install shfmt
# The checks of Go run beside the others, which saves their time.
beside check-toolchain scripts/toolchain.sh check
say 'types …'
npx --no-install tsc -p .
say 'lint …'
npx --no-install eslint .
npx --no-install prettier --check --cache --cache-location "$LOCAL/prettier" --log-level warn .
mapfile -t shell < <(shell_files)
shellcheck --external-sources --source-path=SCRIPTDIR "${shell[@]}"
shfmt -i 2 -ci -d "${shell[@]}"
wait_for_jobs
[[ -z $files ]] || echo "$files" >"$PASSED"
