#!/usr/bin/env bash
# Proves that a backup can be restored, in a database that is thrown away: by hand, or from cron for a monitor.
#   scripts/drill.sh [--stack NAME] [--docker-host HOST] [BACKUP-ID]
# Without an id the newest backup. One line of JSON on standard output; exit code 0 when the backup is good, else 1.
folder=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
if ! command -v node >/dev/null || [[ ! -d $folder/../node_modules/esbuild ]]; then
  echo '{"ok":false,"backup":null,"error":"Node.js or a library is missing"}'
  echo 'Install both: Node.js 20, then npm ci' >&2
  exit 1
fi
# In this shell's place: whoever stops it stops the drill, which then clears up.
exec node "$folder/run.mjs" drill -- "$@"
