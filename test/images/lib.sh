# shellcheck shell=bash disable=SC2034 # the variables are for the scripts that source this file
# The functions that the scripts of the demo release share. Source this file after `set -euo pipefail`.
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../../scripts/lib.sh"

readonly HERE=$ROOT/test/images
readonly WORK=$LOCAL/images
readonly REGISTRY_NAME=${NESTFLEET_REGISTRY_NAME:-nestfleet-registry}
readonly REGISTRY_PORT=${NESTFLEET_REGISTRY_PORT:-5055}
readonly REGISTRY=127.0.0.1:$REGISTRY_PORT

# The images refer to each other by local names, which only Docker's own builder can resolve.
export BUILDX_BUILDER=default

# A script and the scripts that it calls print times since the same moment.
export STANDIN_STARTED=${STANDIN_STARTED:-$(date +%s)}

progress() { say "$(printf '%4ds  %s' $(($(date +%s) - STANDIN_STARTED)) "$*")"; }

# mmdebstrap makes Debian's root file systems without an image registry.
need_mmdebstrap() { has mmdebstrap || apt_install mmdebstrap debian-archive-keyring; }

# Whether Docker can reach its public image registry.
image_registry_in_reach() {
  local address
  address=$(docker info --format '{{.IndexServerAddress}}' | sed -E 's#^[a-z]+://##; s#[/:].*##')
  [[ -n $address ]] && resolves "$address"
}

# The images of the demo release that Docker has, a line each: name, id, inputs. They are listed once, because a command
# for each image takes longer than the rest of a run that has nothing to do.
OURS=''

describe() {
  docker image inspect "$@" --format \
    '{{range .RepoTags}}{{.}} {{$.Id}} {{index $.Config.Labels "nestfleet.standin.inputs"}}{{println}}{{end}}'
}

note_ours() {
  local ids
  ids=$(docker image ls --quiet --no-trunc --filter label=nestfleet.standin=true)
  # shellcheck disable=SC2086 # one argument for each id
  OURS=$([[ -z $ids ]] || describe $ids)
}

# ours NAME id|inputs : the id or the inputs of an image of the demo release
ours() {
  local name id inputs
  while read -r name id inputs; do
    if [[ $name == "$1" ]]; then
      if [[ $2 == id ]]; then echo "$id"; else echo "$inputs"; fi
      return
    fi
  done <<<"$OURS"
}

# A hash of the names and contents of all files below a directory.
hash_of() {
  (cd "$1" && find . -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum) | sha256sum | cut -c1-16
}

# inputs_of SOURCE PARENT : identifies an image that is made from the files of SOURCE on top of PARENT
inputs_of() { echo "$(hash_of "$1")-$(ours "$2" id | cut -c8-19)"; }

is_built() { [[ $(ours "$1" inputs) == "$2" ]]; }

# build_image NAME CONTEXT PARENT [INPUTS] : builds NAME, unless it was built from the same inputs
build_image() {
  local name=$1 context=$2 inputs log
  inputs=${4:-$(inputs_of "$context" "$3")}
  if is_built "$name" "$inputs"; then return; fi
  log=$WORK/log/$(tr '/:' '--' <<<"$name").log
  mkdir -p "$WORK/log"
  progress "building $name"
  if ! docker build --force-rm --label nestfleet.standin=true --label "nestfleet.standin.inputs=$inputs" \
    --tag "$name" "$context" >"$log" 2>&1; then
    tail -n 20 "$log" >&2
    fail "$name could not be built; the whole log is in $log"
  fi
  OURS=$(describe "$name")$'\n'$OURS
}

# publish NAME REPOSITORY:TAG : pushes NAME, unless the registry has the same image
publish() {
  local name=$1 reference=$2 id held
  id=$(ours "$name" id)
  # Docker's id is the digest of the configuration or, in its newer image store, of the manifest. The registry's answer
  # has both.
  if [[ $(registry_get "/v2/${reference%:*}/manifests/${reference##*:}") == *"$id"* ]]; then return; fi
  progress "pushing $reference"
  held=$(docker image inspect --format '{{.Id}}' "$REGISTRY/$reference" 2>/dev/null || true)
  docker tag "$name" "$REGISTRY/$reference"
  docker push --quiet "$REGISTRY/$reference" >/dev/null || fail "$reference could not be pushed to $REGISTRY"
  # If this name stayed, every later pull would only find the local image.
  if [[ -z $held ]]; then docker image rm "$REGISTRY/$reference" >/dev/null; fi
}

readonly MANIFEST_TYPES='application/vnd.docker.distribution.manifest.v2+json, application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json'

# registry_get PATH : prints status line, headers and body; nothing if no registry answers
registry_get() {
  # shellcheck disable=SC2016 # the inner shell expands them
  within 5 bash -c '
    exec 3<>"/dev/tcp/127.0.0.1/$1"
    printf "GET %s HTTP/1.0\r\nHost: 127.0.0.1:%s\r\nAccept: %s\r\n\r\n" "$2" "$1" "$3" >&3
    cat <&3' - "$REGISTRY_PORT" "$1" "$MANIFEST_TYPES" 2>/dev/null || true
}

registry_answers() { [[ $(registry_get /v2/) == 'HTTP/1.'?' 200 '* ]]; }
