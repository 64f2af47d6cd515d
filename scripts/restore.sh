#!/usr/bin/env bash
# Takes data and code of a running stack back together, by hand: an emergency,
# or a stack whose config cannot be reached. `pulumi up` with nestfleet:restore
# in the config does the same.
#   scripts/restore.sh [--stack NAME] [--docker-host HOST] --list
#   scripts/restore.sh [--stack NAME] [--docker-host HOST] [--yes] BACKUP-ID
#   scripts/restore.sh [--stack NAME] [--docker-host HOST] [--yes] --undo [DATABASE]
#   scripts/restore.sh [--stack NAME] [--docker-host HOST] --recover
# --undo brings the database back that the last restore has replaced, --recover
# ends a restore that was killed.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/lib.sh"

usage() {
  fail "$1" "Usage: scripts/restore.sh [--stack NAME] [--docker-host HOST] --list | --recover | [--yes] BACKUP-ID | [--yes] --undo [DATABASE]"
}

stack='' action='restore' subject='' confirmed=''
host=${DOCKER_HOST:-unix:///var/run/docker.sock}
while (($# > 0)); do
  if stack_option "$@"; then shift 2 && continue; fi
  case $1 in
    --yes) confirmed=yes ;;
    --list | --undo | --recover) action=${1#--} ;;
    -*) usage "$1 is no option." ;;
    *)
      [[ -z $subject ]] || usage "$1 is one too many."
      subject=$1
      ;;
  esac
  shift
done
[[ $action != restore || -n $subject ]] || usage "Which backup? scripts/restore.sh --list shows them."

cd "$ROOT"
# shellcheck disable=SC2016 # node's ${}, not the shell's
HOST=$host STACK=$stack ACTION=$action SUBJECT=$subject CONFIRMED=$confirmed node --print '
  const { HOST, STACK, ACTION, SUBJECT, CONFIRMED } = process.env;
  JSON.stringify({ dockerHost: HOST, stack: STACK || undefined, action: ACTION,
    subject: SUBJECT || undefined, confirmed: CONFIRMED !== "" })' |
  node scripts/run.mjs restore
