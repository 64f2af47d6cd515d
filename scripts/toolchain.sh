#!/usr/bin/env bash
# Provides the Pulumi CLI, its Node.js language host and the three plugins. Installed ones are used. Missing ones are
# downloaded by Pulumi's own means, or built from toolchain/ if the name of the download host does not resolve.
#   toolchain.sh         installs what is missing
#   toolchain.sh check   runs gofmt, vet and the tests of toolchain/
# scripts/pulumi sources this file and uses find_cli and find_missing.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=toolchain/versions.env
source "$ROOT/toolchain/versions.env"

readonly OURS=$LOCAL/pulumi
# The folder in which the npm package `pulumi` puts the CLI and its language hosts (its README). A build uses it, too.
readonly OUR_VERSION=$OURS/versions/$PULUMI_VERSION
readonly SOURCES=$ROOT/toolchain
readonly DOWNLOADS=get.pulumi.com
readonly TEMP=$OURS/temp.$$
TICKER=

# The oldest installed CLI that is used. It must read what the pinned CLI writes, also deployments of schema version 4.
# Older versions were not tried.
readonly OLDEST_PULUMI=3.200.0

plugin_version() {
  case $1 in
    docker) echo "$DOCKER_VERSION" ;;
    random) echo "$RANDOM_VERSION" ;;
    command) echo "$COMMAND_VERSION" ;;
  esac
}

# --- find what is installed --------------------------------------------------

# Sets CLI and CLI_HOME: an installed CLI with its own PULUMI_HOME, else the copy in .nestfleet. The copy and
# scripts/pulumi may be on PATH, too; they do not count as installed.
find_cli() {
  local path
  while read -r path; do
    [[ $path == "$OURS"/* || $path -ef $OUR_VERSION/bin/pulumi || $path -ef $ROOT/scripts/pulumi ]] && continue
    if installed_version_is_good "$path"; then
      CLI=$path
      CLI_HOME=${PULUMI_HOME:-$HOME/.pulumi}
      return
    fi
  done < <(type -ap pulumi)
  CLI=$OUR_VERSION/bin/pulumi
  CLI_HOME=$OURS
}

# The language host is checked first. The wrapper of the npm package, which has none beside it, would download a CLI
# when it is asked for its version. The version is remembered by path, size and time, because asking takes 0.15 s.
installed_version_is_good() {
  [[ -x $(dirname "$(readlink -f "$1")")/pulumi-language-nodejs ]] || has pulumi-language-nodejs || return 1
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
  version_at_least "$version" "$OLDEST_PULUMI"
}

# file_of PART: the path of the part's binary.
file_of() {
  case $1 in
    pulumi) echo "$OUR_VERSION/bin/pulumi" ;;
    language-nodejs) echo "$OUR_VERSION/bin/pulumi-language-nodejs" ;;
    *) echo "$CLI_HOME/plugins/resource-$1-v$(plugin_version "$1")/pulumi-resource-$1" ;;
  esac
}

cli() {
  PULUMI_HOME=$CLI_HOME PULUMI_SKIP_UPDATE_CHECK=1 "$CLI" "$@"
}

# A part is there if its file is, because only a complete file is moved there. A part that was built here has a stamp, a
# hash of its sources.
is_there() {
  local file=$1 part=$2
  [[ -x $file && ! -e $(dirname "$file").partial ]] || return 1
  [[ ${CHECK_SOURCES:-} != 1 || ! -f $file.stamp || $(<"$file.stamp") == "$(sources_of "$part")" ]]
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

# A hash of the sources of one part, so that a change of another part does not rebuild it.
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

# The official npm package is a small wrapper for one version. At its first use it downloads the CLI with its language
# hosts into PULUMI_HOME. Here PULUMI_HOME is a temporary folder, so that an incomplete download never counts.
download_cli() {
  has curl || apt_install curl # the installer that the wrapper runs needs it
  say "downloading pulumi $PULUMI_VERSION …"
  PULUMI_HOME=$TEMP PULUMI_SKIP_UPDATE_CHECK=1 npx --yes "pulumi@$PULUMI_VERSION" version >&2 ||
    fail "pulumi $PULUMI_VERSION could not be downloaded." 'Run this again, or install Pulumi.'
  rm -rf "$OUR_VERSION"
  mkdir -p "$OURS/versions"
  mv "$TEMP/versions/$PULUMI_VERSION" "$OURS/versions/"
}

download_plugin() {
  say "downloading $(title "$1") …"
  cli plugin install resource "$1" "$(plugin_version "$1")" --reinstall >&2 ||
    fail "$(title "$1") could not be downloaded." 'Run this again.'
}

download_missing() {
  local part
  for part in "${MISSING[@]}"; do
    case $part in
      pulumi | language-nodejs)
        # One download contains both.
        is_there "$(file_of "$part")" "$part" || download_cli
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
  has go || fail 'Go is missing. It is needed to build Pulumi, whose download cannot be reached.' "$advice"
  # Asked in /, because in the folder of a module Go may answer with the version that the module wants.
  have=$(cd / && go env GOVERSION)
  have=${have#go}
  version_at_least "$have" "$want" && return
  # From 1.21 on Go downloads the version that a module wants, unless GOTOOLCHAIN is local.
  version_at_least "$have" 1.21 && [[ $(cd / && go env GOTOOLCHAIN) != local ]] && return
  fail "Go $have is too old to build Pulumi, whose download cannot be reached." "$advice"
}

# no_compose leaves Docker Compose out of the docker provider: this project does not use it, and it doubles the time of
# the build. Without cgo the build needs no C compiler, and the binaries run on any Linux.
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

# Prints every half minute that a build goes on. It ends when this script ends, also when the script is killed.
tick() {
  local start=$SECONDS next=30
  while sleep 1 && kill -0 $$ 2>/dev/null; do
    ((SECONDS - start < next)) && continue
    say "  still building $1, $((SECONDS - start)) s"
    next=$((next + 30))
  done
}

# install_part PART FILE: moves a complete part and its stamp to their place.
install_part() {
  local part=$1 file=$2 target
  target=$(file_of "$part")
  case $part in
    pulumi | language-nodejs)
      mkdir -p "$OUR_VERSION/bin"
      rm -f "$target"
      sources_of "$part" >"$target.stamp"
      mv "$file" "$target"
      ;;
    *)
      local folder=$TEMP/$part
      mkdir -p "$folder"
      mv "$file" "$folder/pulumi-resource-$part"
      sources_of "$part" >"$folder/pulumi-resource-$part.stamp"
      cli plugin install resource "$part" "$(plugin_version "$part")" --file "$folder" --reinstall >"$TEMP/log" 2>&1 ||
        fail "$(title "$part") could not be installed into $CLI_HOME: $(tail -n 1 "$TEMP/log")"
      ;;
  esac
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
      fail "$(title "$part") could not be built from toolchain/." 'Fix the errors above, then run this again.'
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
  # A ticker that is ended before it has started runs this function, too.
  [[ ${BASHPID:-$$} == "$$" ]] || return 0
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

# Removes the copies of versions other than the pinned one.
remove_older() {
  local folder
  for folder in "$OURS/bin" "$OURS"/versions/*; do
    [[ $folder == "$OUR_VERSION" ]] || rm -rf "$folder"
  done
}

ensure_toolchain() {
  need_node
  find_cli
  find_missing
  if ((${#MISSING[@]} > 0)); then
    mkdir -p "$OURS"
    # Without the lock, two runs at the same time would build everything twice.
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
    remove_older
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
