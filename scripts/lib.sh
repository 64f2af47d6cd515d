# shellcheck shell=bash
# The functions that the shell scripts share. Source this file after `set -euo pipefail`.

# The project's root. BASH_SOURCE[0] is this file, wherever it is sourced from.
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)

# The folder for everything that is built, downloaded or generated.
# shellcheck disable=SC2034 # used by the scripts that source this file
LOCAL=$ROOT/.nestfleet

# Prints a line for the operator. Standard output is only for data.
say() {
  printf '%s\n' "$*" >&2
}

# Prints what is wrong, then how to fix it, each argument on a line of its own, and exits with code 1.
fail() {
  printf '%s\n' "$@" >&2
  exit 1
}

has() {
  command -v "$1" >/dev/null 2>&1
}

# apt_install PACKAGE...: installs packages. The package lists are fetched first if there are none, or if the
# installation fails, because a list may name packages that are no longer there. Calls wait for each other, because
# `apt-get update` does not wait. The lock is closed before apt starts, because a service that a package starts would
# keep it.
apt_install() {
  { [[ $(id -u) == 0 ]] && has apt-get; } || fail "Missing here: $*." 'Install it, then run this again.'
  say "installing $* with apt …"
  local log=$LOCAL/log/apt-$1.log
  mkdir -p "$LOCAL/log"
  if ! (
    exec 8>"$LOCAL/apt.lock"
    flock 8
    export DEBIAN_FRONTEND=noninteractive
    install=(apt-get install --yes --no-install-recommends -o DPkg::Lock::Timeout=600 "$@")
    {
      # Completes an installation that was killed; otherwise does nothing.
      dpkg --configure -a
      compgen -G '/var/lib/apt/lists/*Packages*' >/dev/null || apt-get update
      "${install[@]}" || { apt-get update && "${install[@]}"; }
    } 8>&-
  ) >"$log" 2>&1 </dev/null; then
    tail -n 5 "$log" >&2
    fail "apt could not install $* (its whole log: $log)." 'Fix apt, then run this again.'
  fi
}

# within SECONDS COMMAND...: runs the command for SECONDS at most; without a limit if there is no timeout(1) (macOS).
within() {
  if has timeout; then
    timeout "$@"
  else
    "${@:2}"
  fi
}

# Whether a host name resolves. It makes one look-up of a second at most, and sends nothing else. If there is no getent
# (macOS), node makes the look-up.
resolves() {
  if has getent; then
    within 1 getent ahosts "$1" >/dev/null 2>&1
  else
    node -e 'setTimeout(() => process.exit(1), 1000);
      require("dns").lookup(process.argv[1], (e) => process.exit(e ? 1 : 0))' "$1" >/dev/null 2>&1
  fi
}

# version_at_least 3.259.0 3.200.0: compares the numbers part by part.
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

# --- jobs: commands that run beside a script ---

# The process group and the name of each job that wait_for_jobs has not reported yet.
JOBS=()

# beside NAME COMMAND...: starts a job. Its output is printed with its name, and kept in a log. The job has a process
# group of its own, which this script ends when it ends, because a command in the background ignores Ctrl-C.
beside() {
  local name=$1
  shift
  mkdir -p "$LOCAL/log"
  trap end_jobs EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM HUP
  set -m
  {
    trap : TERM # goes on, to wait for the command, which gets the signal, too
    "$@" </dev/null 2>&1 | label "$name"
  } &
  set +m
  JOBS+=("$! $name")
}

label() {
  local line
  trap '' TERM # ends only when the command has ended
  while IFS= read -r line || [[ -n $line ]]; do
    printf '%s\n' "$line"
    say "$1: $line"
  done >"$LOCAL/log/$1.log"
}

# Waits until all jobs have ended. Reports each that failed, and returns the exit code of the first of them.
wait_for_jobs() {
  local job code status=0
  for job in ${JOBS[@]+"${JOBS[@]}"}; do
    code=0
    wait "${job%% *}" || code=$?
    ((code == 0)) || say "${job#* } failed with exit code $code; what it printed: $LOCAL/log/${job#* }.log"
    ((status > 0)) || status=$code
  done
  JOBS=()
  return "$status"
}

# Ends the jobs that still run. A job that has already failed is reported.
end_jobs() {
  local job
  local -a ended=()
  trap - INT TERM HUP
  for job in ${JOBS[@]+"${JOBS[@]}"}; do
    if kill -TERM -- "-${job%% *}" 2>/dev/null; then
      wait "${job%% *}" 2>/dev/null || true
    else
      ended+=("$job")
    fi
  done
  JOBS=(${ended[@]+"${ended[@]}"})
  wait_for_jobs || true
}
