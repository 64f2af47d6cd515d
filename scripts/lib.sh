# shellcheck shell=bash
# What the entry points share. To be sourced, after `set -euo pipefail`.

# The project's root. BASH_SOURCE[0] is this file, wherever it is sourced from.
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)

# Everything that is built, downloaded or generated.
# shellcheck disable=SC2034 # used by those who source this
LOCAL=$ROOT/.nestfleet

# One line to a person. Standard output belongs to data.
say() {
  printf '%s\n' "$*" >&2
}

# What is wrong, then what mends it: one argument a line.
fail() {
  printf '%s\n' "$@" >&2
  exit 1
}

has() {
  command -v "$1" >/dev/null 2>&1
}

# within SECONDS COMMAND...: where there is no timeout(1) (macOS), without a limit.
within() {
  if has timeout; then
    timeout "$@"
  else
    "${@:2}"
  fi
}

# Whether a host name resolves: one look-up of a second at most, nothing else is
# sent. Where there is no getent (macOS) node asks.
resolves() {
  if has getent; then
    within 1 getent ahosts "$1" >/dev/null 2>&1
  else
    node -e 'setTimeout(() => process.exit(1), 1000);
      require("dns").lookup(process.argv[1], (e) => process.exit(e ? 1 : 0))' "$1" >/dev/null 2>&1
  fi
}

# version_at_least 3.259.0 3.200.0: numbers compared part by part.
version_at_least() {
  local -a have want
  IFS=. read -r -a have <<<"${1%%[!0-9.]*}"
  IFS=. read -r -a want <<<"$2"
  local part
  for part in 0 1 2; do
    if ((10#${have[part]:-0} != 10#${want[part]:-0})); then
      ((10#${have[part]:-0} > 10#${want[part]:-0}))
      return
    fi
  done
}
