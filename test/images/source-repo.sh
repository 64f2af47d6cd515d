#!/usr/bin/env bash
# source-repo.sh DIR : makes a Git repository of the demo release, laid out like the published one, with the tags
# v1.4.2, v1.5.0, and v1.5.9, whose api image cannot be built. Its images are built from what build.sh has made, without
# network.
set -euo pipefail
# shellcheck source=test/images/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

main() {
  local repository=${1:-}
  [[ -n $repository ]] || fail "usage: source-repo.sh DIR"
  [[ ! -e $repository || -z $(ls -A "$repository") ]] || fail "$repository is not empty; name a new directory"
  "$HERE/build.sh" 1.4.2 1.5.0
  git init --quiet --initial-branch=main "$repository"
  repository=$(cd "$repository" && pwd)
  commit_release 1.4.2
  commit_release 1.5.0
  printf 'RUN echo "dist/telemetry.js: not found" >&2 && exit 1\n' >>"$repository/Dockerfile"
  commit 1.5.9
}

commit_release() {
  find "$repository" -mindepth 1 -maxdepth 1 ! -name .git -exec rm -rf {} +
  cp -R "$WORK/releases/$1/." "$repository/"
  commit "$1"
}

# The operator's own Git settings (a name, signing, hooks) have no effect.
commit() {
  git -C "$repository" add --all
  git -C "$repository" -c user.name=NestFleet -c user.email=nestfleet@localhost -c core.hooksPath=/dev/null \
    -c commit.gpgSign=false commit --quiet --message "Release $1"
  git -C "$repository" -c tag.gpgSign=false tag "v$1"
}

main "$@"
