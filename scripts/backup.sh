#!/usr/bin/env bash
# Backs up the database of a running stack: by hand, or from cron.
#   scripts/backup.sh [--stack NAME] [--docker-host HOST] [--keep N] [--version TAG] [--accept-smaller] [--prove]
# Without --keep no old backup is removed. --prove restores the backup at once on a temporary database server. If that
# fails, the exit code is 1, and the script prints the SQL statement that lists the rows at fault.
#
# Copies a backup (the newest, or the named one) to a directory of this machine, or from there to the backups of a
# stack. An incomplete or damaged copy never counts as a backup. A copy that this stack has not signed needs --trust.
#   scripts/backup.sh [--stack NAME] [--docker-host HOST] --copy-to DIRECTORY [BACKUP-ID]
#   scripts/backup.sh [--stack NAME] [--docker-host HOST] --copy-from DIRECTORY BACKUP-ID [--trust]
#
# Signs a backup that is among the stack's backups without its signature. Use it only if you know where it comes from.
#   scripts/backup.sh [--stack NAME] [--docker-host HOST] --trust BACKUP-ID
case " $* " in *' --copy-'*) name=copy ;; *' --trust'*) name=trust ;; *) name=backup ;; esac
exec node "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/run.mjs" "$name" -- "$@"
