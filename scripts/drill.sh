#!/usr/bin/env bash
# Proves that a backup can be restored, in a database that is thrown away: by hand, or from cron for a monitor.
#   scripts/drill.sh [--stack NAME] [--docker-host HOST] [BACKUP-ID]
# Without an id the newest backup. One line of JSON on standard output; exit code 0 when the backup is good, else 1.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/lib.sh"

# refuse ERROR LINE...: for the monitor, in words that need no escaping, then for a person.
refuse() {
  printf '{"ok":false,"backup":null,"error":"%s"}\n' "$1"
  fail "${@:2}"
}

usage() {
  refuse 'the command line is wrong' "$1" "Usage: scripts/drill.sh [--stack NAME] [--docker-host HOST] [BACKUP-ID]"
}

stack='' backup=''
host=${DOCKER_HOST:-unix:///var/run/docker.sock}
while (($# > 0)); do
  if stack_option "$@"; then shift 2 && continue; fi
  [[ $1 != -* ]] || usage "$1 is no option."
  [[ -n $1 && -z $backup ]] || usage "One backup at a time."
  backup=$1
  shift
done

cd "$ROOT"
{ has node && [[ -d node_modules/esbuild ]]; } ||
  refuse 'Node.js or a library is missing' 'Node.js or a library is missing.' 'Install both: Node.js 20, then npm ci'
# shellcheck disable=SC2016 # node's ${}, not the shell's
request=$(HOST=$host STACK=$stack BACKUP=$backup node --print '
  const { HOST, STACK, BACKUP } = process.env;
  JSON.stringify({ dockerHost: HOST, stack: STACK || undefined, backup: BACKUP || undefined })')
# In this shell's place: whoever stops it stops the drill, which then clears up.
exec node scripts/run.mjs drill <<<"$request"
