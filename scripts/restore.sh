#!/usr/bin/env bash
# Rolls back the release and the data of a running stack together, by hand: in an emergency, or if the configuration of
# the stack cannot be reached. `pulumi up` with nestfleet:restore in the configuration does the same.
#   scripts/restore.sh [--stack NAME] [--docker-host HOST] --list
#   scripts/restore.sh [--stack NAME] [--docker-host HOST] [--yes] BACKUP-ID
#   scripts/restore.sh [--stack NAME] [--docker-host HOST] [--yes] --undo [DATABASE]
#   scripts/restore.sh [--stack NAME] [--docker-host HOST] --recover
# --undo brings back the database that the last restore has replaced. --recover ends a restore that was killed.
exec node "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/run.mjs" restore -- "$@"
