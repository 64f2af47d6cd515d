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
exec node "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/run.mjs" restore -- "$@"
