#!/usr/bin/env bash
# sshd.sh : makes sure of an ssh client, and of a server for the tests, which is unpacked and not
# installed: its package would start a service on this machine. Prints the server's folder.
set -euo pipefail
# shellcheck source=test/images/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

readonly FOLDER=$WORK/sshd

apt_get() { DEBIAN_FRONTEND=noninteractive apt-get -qq "$@" >&2; }

# What the server needs is installed, but for the server.
fetch() {
  local need='openssh-client libwrap0'
  [[ $(id -u) == 0 ]] || fail 'openssh-server is missing; the tests unpack it as root'
  progress 'fetching openssh-server'
  rm -rf "$FOLDER.new"
  mkdir -p "$FOLDER.new"
  # shellcheck disable=SC2086 # two words
  apt_get install --yes --no-install-recommends $need || { apt_get update && apt_get install --yes --no-install-recommends $need; } ||
    fail "apt-get cannot install $need; its message is above"
  (cd "$FOLDER.new" && apt_get download openssh-server && dpkg-deb --extract ./openssh-server_*.deb . && rm ./*.deb) ||
    fail 'openssh-server cannot be fetched; the message is above'
  rm -rf "$FOLDER"
  mv "$FOLDER.new" "$FOLDER"
}

if [[ ! -x $FOLDER/usr/sbin/sshd ]] || ! has ssh; then fetch; fi
echo "$FOLDER"
