#!/usr/bin/env bash
# Backs up the database of a running stack: by hand, or from cron.
#   scripts/backup.sh [--stack NAME] [--docker-host HOST] [--keep N] [--version TAG] [--accept-smaller] [--prove]
# Without --keep no old backup is removed. --prove restores it at once on a server that is thrown away: exit code 1 when it
# cannot be restored, with the statement that lists the rows that are at fault.
# A backup that there is, the newest or the named one, is copied to a directory of this machine, or from there back among
# the backups of a stack: whole and checked, or not at all. A copy that this stack has not signed wants --trust.
#   scripts/backup.sh [--stack NAME] [--docker-host HOST] --copy-to DIRECTORY [BACKUP-ID]
#   scripts/backup.sh [--stack NAME] [--docker-host HOST] --copy-from DIRECTORY BACKUP-ID [--trust]
# A backup that lies there, and that this stack has not signed, becomes its own: for those who know where it comes from.
#   scripts/backup.sh [--stack NAME] [--docker-host HOST] --trust BACKUP-ID
case " $* " in *' --copy-'*) name=copy ;; *' --trust'*) name=trust ;; *) name=backup ;; esac
exec node "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/run.mjs" "$name" -- "$@"
