#!/usr/bin/env bash
# The Pulumi CLI, its Node.js language host and the three plugins: installed ones
# are used, missing ones are downloaded or, where the download's host does not
# resolve, built from toolchain/.
#   toolchain.sh         make sure of all of them
#   toolchain.sh check   gofmt, vet and the tests of toolchain/
# To be sourced as well: scripts/pulumi uses find_cli and find_missing.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=toolchain/versions.env
source "$ROOT/toolchain/versions.env"

readonly OURS=$LOCAL/pulumi
readonly SOURCES=$ROOT/toolchain
readonly DOWNLOADS=get.pulumi.com
readonly TEMP=$OURS/temp.$$
TICKER=

# The oldest installed CLI that is used. It has to read what the pinned one
# writes, deployments of schema version 4 included; older ones were not tried.
readonly OLDEST_PULUMI=3.200.0

plugin_version() {
  case $1 in
    docker) echo "$DOCKER_VERSION" ;;
    random) echo "$RANDOM_VERSION" ;;
    command) echo "$COMMAND_VERSION" ;;
  esac
}

# --- what is there -----------------------------------------------------------

# Sets CLI and CLI_HOME: an installed CLI with its own PULUMI_HOME, else ours.
# Ours and scripts/pulumi may be on PATH too and are not meant by "installed".
find_cli() {
  local path
  while read -r path; do
    [[ $path -ef $OURS/bin/pulumi || $path -ef $ROOT/scripts/pulumi ]] && continue
    if installed_version_is_good "$path"; then
      CLI=$path
      CLI_HOME=${PULUMI_HOME:-$HOME/.pulumi}
      return
    fi
  done < <(type -ap pulumi)
  CLI=$OURS/bin/pulumi
  CLI_HOME=$OURS
}

# Remembered by path, size and time: asking a CLI its version takes 0.15 s.
installed_version_is_good() {
  local memory=$LOCAL/pulumi-on-path known version
  known=$(stat -L -c '%n %s %Y' "$1" 2>/dev/null || stat -L -f '%N %z %m' "$1")
  if [[ -f $memory && $(<"$memory") == "$known "* ]]; then
    version=$(<"$memory")
    version=${version##* }
  else
    version=$(PULUMI_SKIP_UPDATE_CHECK=1 "$1" version 2>/dev/null) || return 1
    version=${version#v}
    mkdir -p "$LOCAL"
    echo "$known $version" >"$memory"
  fi
  version_at_least "$version" "$OLDEST_PULUMI" || return 1
  [[ -x $(dirname "$(readlink -f "$1")")/pulumi-language-nodejs ]] || has pulumi-language-nodejs
}

# file_of PART: where the part's binary belongs.
file_of() {
  case $1 in
    pulumi) echo "$OURS/bin/pulumi" ;;
    language-nodejs) echo "$OURS/bin/pulumi-language-nodejs" ;;
    *) echo "$CLI_HOME/plugins/resource-$1-v$(plugin_version "$1")/pulumi-resource-$1" ;;
  esac
}

cli() {
  PULUMI_HOME=$CLI_HOME PULUMI_SKIP_UPDATE_CHECK=1 "$CLI" "$@"
}

# A part is there when its file is. What was put there by this script carries a
# stamp: where it is from, or the sources it was built from. In our own home a
# file without one is what a killed run left.
is_there() {
  local file=$1 part=$2 stamp=
  [[ -x $file && ! -e $(dirname "$file").partial ]] || return 1
  [[ ! -f $file.stamp ]] || stamp=$(<"$file.stamp")
  case $stamp in
    '') [[ $file != "$OURS"/* ]] ;;
    download-*) [[ $stamp == "$(download_stamp "$part")" ]] ;;
    *) [[ ${CHECK_SOURCES:-} != 1 || $stamp == "$(sources_of "$part")" ]] ;;
  esac
}

download_stamp() {
  case $1 in
    pulumi | language-nodejs) echo "download-$PULUMI_VERSION" ;;
    *) echo "download-$(plugin_version "$1")" ;;
  esac
}

# Sets MISSING to the parts that are not there.
find_missing() {
  local -a wanted=(docker random command)
  [[ $CLI != "$OURS"/* ]] || wanted=(pulumi language-nodejs "${wanted[@]}")
  local part
  MISSING=()
  for part in "${wanted[@]}"; do
    is_there "$(file_of "$part")" "$part" || has "pulumi-resource-$part" || MISSING+=("$part")
  done
}

# The part's sources in one number: a change of another part's costs no rebuild.
sources_of() {
  local -a paths
  case $1 in
    pulumi) paths=(go.mod go.sum) ;;
    language-nodejs) paths=(language-nodejs) ;;
    *) paths=(go.mod go.sum "resource-$1") ;;
  esac
  (
    cd "$SOURCES"
    find versions.env "${paths[@]}" -type f ! -name '*_test.go' -print0 | LC_ALL=C sort -z |
      xargs -0 sha256sum | sha256sum | cut -d ' ' -f 1
  )
}

# --- download ----------------------------------------------------------------

platform() {
  local os arch
  os=$(uname -s | tr '[:upper:]' '[:lower:]')
  arch=$(uname -m)
  case $arch in
    x86_64) arch=x64 ;;
    aarch64) arch=arm64 ;;
  esac
  echo "$os-$arch"
}

download_cli() {
  has curl || fail 'curl is needed to download Pulumi.' 'apt-get install curl, then run this again.'
  say "downloading pulumi $PULUMI_VERSION …"
  mkdir -p "$TEMP" "$OURS/bin"
  curl --proto '=https' --fail --silent --show-error --location \
    "https://$DOWNLOADS/releases/sdk/pulumi-v$PULUMI_VERSION-$(platform).tar.gz" | tar -xz -C "$TEMP" ||
    fail "pulumi $PULUMI_VERSION could not be downloaded from $DOWNLOADS." 'Run this again, or install Pulumi.'
  rm -f "$OURS"/bin/*.stamp
  mv -f "$TEMP"/pulumi/* "$OURS/bin/"
  local part
  for part in pulumi language-nodejs; do
    download_stamp "$part" >"$(file_of "$part").stamp"
  done
}

download_plugin() {
  say "downloading the $1 plugin $(plugin_version "$1") …"
  cli plugin install resource "$1" "$(plugin_version "$1")" \
    --exact --reinstall --server "https://$DOWNLOADS/releases/plugins" >&2 ||
    fail "The $1 plugin could not be downloaded from $DOWNLOADS." 'Run this again.'
  download_stamp "$1" >"$(file_of "$1").stamp"
}

download_missing() {
  local part got_cli=
  for part in "${MISSING[@]}"; do
    case $part in
      pulumi | language-nodejs)
        # One archive holds both.
        [[ -n $got_cli ]] || download_cli
        got_cli=1
        ;;
      *) download_plugin "$part" ;;
    esac
  done
}

# --- build -------------------------------------------------------------------

need_go() {
  has go || [[ ! -x /usr/local/go/bin/go ]] || PATH=$PATH:/usr/local/go/bin
  local want have advice
  want=$(sed -n 's/^go //p' "$SOURCES/go.mod")
  advice="Install Go $want or newer (https://go.dev/dl/), or Pulumi $OLDEST_PULUMI or newer, then run this again."
  has go || fail 'Go is missing; it builds Pulumi where its download cannot be reached.' "$advice"
  # Asked from / because in a module Go may answer for the one the module wants.
  have=$(cd / && go env GOVERSION)
  have=${have#go}
  version_at_least "$have" "$want" && return
  # From 1.21 on Go fetches the version that a module wants, unless told not to.
  version_at_least "$have" 1.21 && [[ $(cd / && go env GOTOOLCHAIN) != local ]] && return
  fail "Go $have is too old to build Pulumi, whose download cannot be reached." "$advice"
}

# no_compose leaves Docker Compose out of the docker provider: nothing here uses
# it, and it doubles the build. Without cgo the binaries need no compiler and
# run anywhere.
go_here() {
  (cd "$SOURCES" && CGO_ENABLED=0 GOFLAGS="${GOFLAGS:-} -trimpath -buildvcs=false -tags=no_compose" go "$@")
}

# compile PART FILE
compile() {
  local sdk=github.com/pulumi/pulumi/sdk/v3
  case $1 in
    pulumi)
      go_here build -ldflags "-s -w -X $sdk/go/common/version.Version=v$PULUMI_VERSION" \
        -o "$2" github.com/pulumi/pulumi/pkg/v3/cmd/pulumi
      ;;
    language-nodejs)
      go_here build -C language-nodejs -ldflags '-s -w' -o "$2" "$sdk/nodejs/cmd/pulumi-language-nodejs"
      ;;
    *)
      go_here build -ldflags "-s -w -X main.version=$(plugin_version "$1")" -o "$2" "./resource-$1"
      ;;
  esac
}

# Says every half minute that a build goes on. Ends with this script, however
# that ends.
tick() {
  local start=$SECONDS next=30
  while sleep 1 && kill -0 $$ 2>/dev/null; do
    ((SECONDS - start < next)) && continue
    say "  still building $1, $((SECONDS - start)) s"
    next=$((next + 30))
  done
}

# install_part PART FILE: whole or not at all, the stamp last.
install_part() {
  local part=$1 file=$2 target
  target=$(file_of "$part")
  case $part in
    pulumi | language-nodejs)
      mkdir -p "$OURS/bin"
      rm -f "$target.stamp"
      mv -f "$file" "$target"
      ;;
    *)
      cli plugin install resource "$part" "$(plugin_version "$part")" --file "$file" --reinstall >"$TEMP/log" 2>&1 ||
        fail "$(title "$part") could not be installed into $CLI_HOME: $(tail -n 1 "$TEMP/log")"
      ;;
  esac
  sources_of "$part" >"$target.stamp"
}

title() {
  case $1 in
    pulumi) echo "pulumi $PULUMI_VERSION" ;;
    language-nodejs) echo 'the Node.js language host' ;;
    *) echo "the $1 plugin $(plugin_version "$1")" ;;
  esac
}

build_missing() {
  need_go
  mkdir -p "$TEMP"
  local part file start number=0
  for part in "${MISSING[@]}"; do
    number=$((number + 1))
    start=$SECONDS
    file=$TEMP/pulumi-resource-$part
    say "building $(title "$part") ($number of ${#MISSING[@]}) …"
    tick "$(title "$part")" &
    TICKER=$!
    if ! compile "$part" "$file" >"$TEMP/log" 2>&1; then
      tail -n 20 "$TEMP/log" >&2
      fail "$(title "$part") could not be built from toolchain/." 'Mend what is said above, then run this again.'
    fi
    stop_ticker
    install_part "$part" "$file"
    say "  built in $((SECONDS - start)) s"
  done
}

stop_ticker() {
  [[ -z $TICKER ]] || kill "$TICKER" 2>/dev/null || true
  TICKER=
}

clean_up() {
  stop_ticker
  rm -rf "$TEMP"
}

# --- entry -------------------------------------------------------------------

need_node() {
  local have
  { has node && has npm; } ||
    fail 'Node.js with npm is missing.' 'Install Node.js 20.12 or newer (https://nodejs.org/).'
  have=$(node --version)
  version_at_least "${have#v}" 20.12.0 ||
    fail "Node.js ${have#v} is too old." 'Install Node.js 20.12 or newer (https://nodejs.org/).'
}

ensure_toolchain() {
  need_node
  find_cli
  find_missing
  if ((${#MISSING[@]} > 0)); then
    mkdir -p "$OURS"
    # Two at once would build everything twice.
    exec 9>"$OURS/lock"
    ! has flock || flock 9
    rm -rf "$OURS"/temp.*
    trap clean_up EXIT
    find_missing
    if ((${#MISSING[@]} == 0)); then
      :
    elif resolves "$DOWNLOADS"; then
      download_missing
    else
      build_missing
    fi
    exec 9>&-
  fi
  local origin="installed ($CLI)"
  [[ $CLI != "$OURS"/* ]] || origin="ours ($CLI_HOME)"
  say "Pulumi $(cli version): $origin; plugins docker $DOCKER_VERSION, random $RANDOM_VERSION, command $COMMAND_VERSION."
}

check_sources() {
  need_go
  local unformatted
  unformatted=$(gofmt -l "$SOURCES")
  [[ -z $unformatted ]] || fail "gofmt would change: $unformatted" "gofmt -w $SOURCES"
  go_here vet ./...
  go_here test ./...
}

if [[ ${BASH_SOURCE[0]} == "$0" ]]; then
  CHECK_SOURCES=1
  case ${1:-} in
    '') ensure_toolchain ;;
    check) check_sources ;;
    *) fail "usage: $0 [check]" ;;
  esac
fi
