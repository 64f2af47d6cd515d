#!/usr/bin/env bash
# Restore drill: checks that a backup can be restored, in a temporary database. By hand, or from cron for a monitor.
#   scripts/drill.sh [--stack NAME] [--docker-host HOST] [BACKUP-ID]
# Without an id it takes the newest backup. It prints one line of JSON on standard output. The exit code is 0 if the
# backup was restored and its release works on it, else 1.
folder=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
if ! command -v node >/dev/null || [[ ! -d $folder/../node_modules/esbuild ]]; then
  echo '{"ok":false,"backup":null,"error":"Node.js or a library is missing"}'
  echo 'Install both: Node.js 20, then npm ci' >&2
  exit 1
fi
# Replaces this shell, so that a signal to this process reaches the drill, which then removes what it has made.
exec node "$folder/run.mjs" drill -- "$@"
