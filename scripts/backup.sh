#!/usr/bin/env bash
# Backs up the database of a running stack: by hand, or from cron.
#   scripts/backup.sh [--stack NAME] [--docker-host HOST] [--keep N] [--version TAG] [--accept-smaller]
# Without --keep no old backup is removed.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/lib.sh"

usage() {
  fail "$1" "Usage: scripts/backup.sh [--stack NAME] [--docker-host HOST] [--keep N] [--version TAG] [--accept-smaller]"
}

stack='' keep='' version='' accept=''
host=${DOCKER_HOST:-unix:///var/run/docker.sock}
while (($# > 0)); do
  if stack_option "$@"; then shift 2 && continue; fi
  case $1 in
    --accept-smaller) accept=yes && shift && continue ;;
    --keep | --version) (($# > 1)) || usage "$1 needs a value." ;;
    *) usage "$1 is no option." ;;
  esac
  case $1 in
    --keep) keep=$2 ;;
    --version) version=$2 ;;
  esac
  shift 2
done
[[ -z $keep || $keep =~ ^[1-9][0-9]{0,3}$ ]] || usage "--keep takes a whole number from 1 to 9999."

cd "$ROOT"
# shellcheck disable=SC2016 # node's ${}, not the shell's
HOST=$host STACK=$stack KEEP=$keep VERSION=$version ACCEPT=$accept node --print '
  const { HOST, STACK, KEEP, VERSION, ACCEPT } = process.env;
  JSON.stringify({ dockerHost: HOST, stack: STACK || undefined, keep: KEEP ? Number(KEEP) : undefined,
    version: VERSION || undefined, acceptSmaller: ACCEPT !== "" })' |
  node scripts/run.mjs backup
