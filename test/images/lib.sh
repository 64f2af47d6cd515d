# shellcheck shell=bash
# What the scripts of the stand-in share. Source after `set -euo pipefail`.
# shellcheck source=../../scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../../scripts/lib.sh"

HERE="$ROOT/test/images"
WORK="$ROOT/.nestfleet/images"
REGISTRY_NAME=${NESTFLEET_REGISTRY_NAME:-nestfleet-registry}
REGISTRY_PORT=${NESTFLEET_REGISTRY_PORT:-5055}
REGISTRY="127.0.0.1:$REGISTRY_PORT"

# The images refer to one another by local names, which only the engine's own builder knows.
export BUILDX_BUILDER=default

# One clock for a script and the ones it calls.
export STANDIN_STARTED=${STANDIN_STARTED:-$EPOCHSECONDS}

progress() { say "$(printf '%4ds  %s' $((EPOCHSECONDS - STANDIN_STARTED)) "$*")"; }

# What the engine has of ours, asked once: a question for each image costs more than the rest of a run with nothing to do.
declare -A IMAGE_ID=() IMAGE_INPUTS=()

# note_images NAME...
note_images() {
  local id inputs names name
  while IFS='|' read -r id inputs names; do
    for name in $names; do
      IMAGE_ID[$name]=$id
      IMAGE_INPUTS[$name]=$inputs
    done
  done < <(docker image inspect "$@" \
    --format '{{.Id}}|{{index .Config.Labels "nestfleet.standin.inputs"}}|{{range .RepoTags}}{{.}} {{end}}')
}

note_ours() {
  local ids
  mapfile -t ids < <(docker image ls --quiet --no-trunc --filter label=nestfleet.standin=true)
  if [[ ${#ids[@]} -gt 0 ]]; then note_images "${ids[@]}"; fi
}

# hash_of PATH... : names and contents of all files below
hash_of() {
  local path
  for path in "$@"; do
    (cd "$path" && find . -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum)
  done | sha256sum | cut -c1-16
}

# inputs_of SOURCE PARENT : what an image made from the files of SOURCE on top of PARENT is known by
inputs_of() { echo "$(hash_of "$1")-$(cut -c8-19 <<<"${IMAGE_ID[$2]:-}")"; }

is_built() { [[ ${IMAGE_INPUTS[$1]:-} == "$2" ]]; }

# build_image NAME CONTEXT PARENT [INPUTS] : builds unless NAME was built from these very inputs
build_image() {
  local name=$1 context=$2 inputs log
  inputs=${4:-$(inputs_of "$context" "$3")}
  if is_built "$name" "$inputs"; then return; fi
  log="$WORK/log/${name//[:\/]/-}.log"
  mkdir -p "$WORK/log"
  progress "building $name"
  if ! docker build --label nestfleet.standin=true --label "nestfleet.standin.inputs=$inputs" \
    --tag "$name" "$context" >"$log" 2>&1; then
    tail -n 20 "$log" >&2
    fail "$name could not be built; the whole log is in $log"
  fi
  note_images "$name"
}

# publish NAME REPOSITORY:TAG : pushes unless the registry has this very image
publish() {
  local name=$1 reference=$2 id held
  id=${IMAGE_ID[$name]}
  # The engine's id is the digest of the configuration or, in its newer store, of the manifest;
  # the registry's answer has both.
  if [[ $(registry_get "/v2/${reference%:*}/manifests/${reference##*:}") == *"$id"* ]]; then return; fi
  progress "pushing $reference"
  held=$(docker image inspect --format '{{.Id}}' "$REGISTRY/$reference" 2>/dev/null || true)
  docker tag "$name" "$REGISTRY/$reference"
  docker push --quiet "$REGISTRY/$reference" >/dev/null || fail "$reference could not be pushed to $REGISTRY"
  # A name left here would make every later pull a look at what is there already.
  if [[ -z $held ]]; then docker image rm "$REGISTRY/$reference" >/dev/null; fi
}

# registry_get PATH : status line, headers and body, or nothing when no registry answers
registry_get() {
  timeout 5 bash -c '
    exec 3<>"/dev/tcp/127.0.0.1/$1"
    printf "GET %s HTTP/1.0\r\nHost: %s\r\nAccept: %s\r\n\r\n" "$2" "127.0.0.1:$1" "$3" >&3
    cat <&3' - "$REGISTRY_PORT" "$1" \
    'application/vnd.docker.distribution.manifest.v2+json, application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json' \
    2>/dev/null || true
}

registry_answers() { [[ $(registry_get /v2/ | head -n 1) == *' 200 '* ]]; }
