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

# The oldest installed CLI that is used. It has to read what the pinned one
# writes, deployments of schema version 4 included; older ones were not tried.
readonly OLDEST_PULUMI=3.200.0

plugin_version() {
  case $1 in
    docker) echo "$DOCKER" ;;
    random) echo "$RANDOM_PLUGIN" ;;
    command) echo "$COMMAND" ;;
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

plugin_dir() {
  echo "$CLI_HOME/plugins/resource-$1-v$(plugin_version "$1")"
}

# A part is there when its file is. What was built here carries a stamp and is
# there only while its sources have not changed; an official file carries none.
is_there() {
  local file=$1 part=$2
  [[ -x $file ]] || return 1
  [[ ! -f $file.built ]] || [[ ${CHECK_SOURCES:-} != 1 ]] || [[ $(<"$file.built") == "$(sources_of "$part")" ]]
}

# Sets MISSING to the parts that are not there.
find_missing() {
  MISSING=()
  if [[ $CLI_HOME == "$OURS" && $CLI == "$OURS"/* ]]; then
    is_there "$OURS/bin/pulumi" pulumi || MISSING+=(pulumi)
    is_there "$OURS/bin/pulumi-language-nodejs" language-nodejs || MISSING+=(language-nodejs)
  fi
  local name
  for name in docker random command; do
    if ! is_there "$(plugin_dir "$name")/pulumi-resource-$name" "$name" && ! has "pulumi-resource-$name"; then
      MISSING+=("$name")
    fi
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
  say "downloading pulumi $PULUMI …"
  local temp=$OURS/temp.$$
  mkdir -p "$temp"
  curl --proto '=https' --fail --silent --show-error --location \
    "https://$DOWNLOADS/releases/sdk/pulumi-v$PULUMI-$(platform).tar.gz" | tar -xz -C "$temp"
  mkdir -p "$OURS/bin"
  mv -f "$temp"/pulumi/* "$OURS/bin/"
  rm -rf "$temp" "$OURS"/bin/*.built
}

download_plugin() {
  say "downloading the $1 plugin $(plugin_version "$1") …"
  rm -rf "$(plugin_dir "$1")"
  PULUMI_HOME=$CLI_HOME PULUMI_SKIP_UPDATE_CHECK=1 "$CLI" plugin install resource "$1" "$(plugin_version "$1")" \
    --exact --server "https://$DOWNLOADS/releases/plugins" >&2
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
  local want have
  want=$(sed -n 's/^go //p' "$SOURCES/go.mod")
  has go ||
    fail "Pulumi has to be built here ($DOWNLOADS does not resolve), and Go is missing." \
      "Install Go $want or newer (https://go.dev/dl/) and put it on PATH, or install Pulumi $OLDEST_PULUMI or newer."
  have=$(cd / && go env GOVERSION)
  # From 1.21 on, an older Go fetches the one that go.mod asks for, unless told not to.
  if ! version_at_least "${have#go}" "$want" && [[ $(cd / && go env GOTOOLCHAIN) == local* || $have == go1.[0-9]* && ! $have == go1.2[1-9]* ]]; then
    fail "Pulumi has to be built here ($DOWNLOADS does not resolve), and Go ${have#go} is too old." \
      "Install Go $want or newer (https://go.dev/dl/), or install Pulumi $OLDEST_PULUMI or newer."
  fi
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
      go_here build -ldflags "-s -w -X $sdk/go/common/version.Version=v$PULUMI" \
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

# Waits for a job, saying every half minute that it goes on.
wait_for() {
  local pid=$1 what=$2 start=$3 next=30
  while kill -0 "$pid" 2>/dev/null; do
    sleep 0.2
    if ((SECONDS - start >= next)); then
      say "  still building $what, $((SECONDS - start)) s"
      next=$((next + 30))
    fi
  done
  wait "$pid"
}

# install_part PART FILE: moves, so that a killed run leaves no half a binary.
install_part() {
  local part=$1 file=$2 target
  case $part in
    pulumi | language-nodejs)
      target=$OURS/bin/pulumi
      [[ $part == pulumi ]] || target=$OURS/bin/pulumi-language-nodejs
      mkdir -p "$OURS/bin"
      rm -f "$target.built"
      mv -f "$file" "$target"
      ;;
    *)
      target=$(plugin_dir "$part")/pulumi-resource-$part
      PULUMI_HOME=$CLI_HOME PULUMI_SKIP_UPDATE_CHECK=1 "$CLI" plugin install resource "$part" \
        "$(plugin_version "$part")" --file "$file" --reinstall >/dev/null
      ;;
  esac
  sources_of "$part" >"$target.built"
}

build_missing() {
  need_go
  local temp=$OURS/temp.$$ part what start number=0
  mkdir -p "$temp"
  for part in "${MISSING[@]}"; do
    number=$((number + 1))
    start=$SECONDS
    what="the $part plugin"
    [[ $part != language-nodejs ]] || what='the Node.js language host'
    [[ $part != pulumi ]] || what="pulumi $PULUMI"
    say "building $what ($number of ${#MISSING[@]}) …"
    compile "$part" "$temp/pulumi-resource-$part" >"$temp/log" 2>&1 &
    if ! wait_for $! "$what" "$start"; then
      tail -n 20 "$temp/log" >&2
      rm -rf "$temp"
      fail "$what could not be built from toolchain/." 'Mend what is said above, then run this again.'
    fi
    install_part "$part" "$temp/pulumi-resource-$part"
    say "  built in $((SECONDS - start)) s"
  done
  rm -rf "$temp"
}

# --- entry -------------------------------------------------------------------

need_node() {
  local have
  has node && has npm || fail 'Node.js with npm is missing.' 'Install Node.js 20.12 or newer (https://nodejs.org/).'
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
  say "Pulumi $(PULUMI_SKIP_UPDATE_CHECK=1 PULUMI_HOME=$CLI_HOME "$CLI" version): $origin; plugins docker $DOCKER, random $RANDOM_PLUGIN, command $COMMAND."
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
