#!/usr/bin/env bash
# sshd.sh : provides an ssh client, and an ssh server for the tests. The server is unpacked and not installed, because
# its package would start a service on this machine. Prints the server's folder.
set -euo pipefail
# shellcheck source=test/images/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

readonly FOLDER=$WORK/sshd

# Installs the libraries that the server needs, and unpacks the server.
fetch() {
  [[ $(id -u) == 0 ]] || fail 'openssh-server is missing; the tests unpack it as root'
  apt_install openssh-client libwrap0
  progress 'fetching openssh-server'
  rm -rf "$FOLDER.new"
  mkdir -p "$FOLDER.new"
  (cd "$FOLDER.new" && apt-get -qq download openssh-server >&2 && dpkg-deb --extract ./openssh-server_*.deb . && rm ./*.deb) ||
    fail 'openssh-server cannot be fetched; the message is above'
  rm -rf "$FOLDER"
  mv "$FOLDER.new" "$FOLDER"
}

mkdir -p "$WORK"
exec {lock}>"$FOLDER.lock"
flock "$lock" # another test may be fetching it
if [[ ! -x $FOLDER/usr/sbin/sshd ]] || ! has ssh; then fetch; fi
echo "$FOLDER"
