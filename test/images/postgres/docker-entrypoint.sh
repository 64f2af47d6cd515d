#!/usr/bin/env bash
# Starts PostgreSQL; an empty data directory is initialised first, once, as the official image does it.
set -euo pipefail

staging="$PGDATA/.init"

main() {
  if [[ ${1:-} == -* ]]; then set -- postgres "$@"; fi
  if [[ ${1:-} != postgres ]]; then exec "$@"; fi
  if [[ $(id -u) == 0 ]]; then become_postgres "$@"; fi
  if [[ ! -s $PGDATA/PG_VERSION ]]; then initialise; fi
  exec "$@"
}

become_postgres() {
  mkdir -p "$PGDATA" /var/run/postgresql
  find "$PGDATA" /var/run/postgresql ! -user postgres -exec chown postgres:postgres {} +
  chmod 700 "$PGDATA"
  chmod 3777 /var/run/postgresql
  exec setpriv --reuid=postgres --regid=postgres --init-groups bash "${BASH_SOURCE[0]}" "$@"
}

# Everything happens in a directory beside the final place; PG_VERSION, by which an initialised
# directory is known, arrives last. Killed at any moment before that, it starts afresh.
initialise() {
  trap 'exit 130' INT TERM
  read_settings
  clear_remains
  initdb --pgdata="$staging" --username="$user" --pwfile=<(printf '%s\n' "$password") \
    --auth=trust --encoding=UTF8 --locale=C.UTF-8
  printf '\nhost all all all %s\n' "$method" >>"$staging/pg_hba.conf"
  pg_ctl --pgdata="$staging" --options="-c listen_addresses=''" --wait start
  create_database
  run_scripts
  pg_ctl --pgdata="$staging" --mode=fast --wait stop
  move_into_place
  trap - INT TERM
  echo "PostgreSQL is initialised: database $database, role $user"
}

read_settings() {
  user=$(setting POSTGRES_USER postgres)
  database=$(setting POSTGRES_DB "$user")
  password=$(setting POSTGRES_PASSWORD '')
  method=${POSTGRES_HOST_AUTH_METHOD:-scram-sha-256}
  if [[ -z $password && $method != trust ]]; then
    echo 'POSTGRES_PASSWORD or POSTGRES_PASSWORD_FILE must be set to initialise an empty data directory' >&2
    exit 1
  fi
}

setting() {
  local name=$1 default=$2 file="${1}_FILE"
  if [[ -n ${!name:-} && -n ${!file:-} ]]; then
    echo "$name and $file are both set; one is enough" >&2
    exit 1
  elif [[ -n ${!file:-} ]]; then
    printf '%s' "$(<"${!file}")"
  else
    printf '%s' "${!name:-$default}"
  fi
}

clear_remains() {
  local found
  found=$(find "$PGDATA" -mindepth 1 -maxdepth 1 ! -name lost+found -print -quit)
  if [[ -z $found ]]; then return; fi
  if [[ ! -d $staging ]]; then
    echo "$PGDATA is neither empty nor a PostgreSQL data directory: it holds $found" >&2
    exit 1
  fi
  echo 'An initialisation was interrupted; starting it afresh'
  # The staging directory goes last: while it is there, the rest is known to be ours.
  find "$PGDATA" -mindepth 1 -maxdepth 1 ! -name lost+found ! -path "$staging" -exec rm -rf {} +
  rm -rf "$staging"
}

create_database() {
  if [[ $database != postgres ]]; then
    psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --username="$user" --dbname=postgres --set=name="$database" \
      <<<'CREATE DATABASE :"name"'
  fi
}

run_scripts() {
  local script
  export POSTGRES_USER=$user POSTGRES_DB=$database
  for script in /docker-entrypoint-initdb.d/*; do
    case $script in
      *.sh) bash "$script" ;;
      *.sql) psql --no-psqlrc --set=ON_ERROR_STOP=1 --username="$user" --dbname="$database" --file="$script" ;;
      *.sql.gz) gunzip -c "$script" | psql --no-psqlrc --set=ON_ERROR_STOP=1 --username="$user" --dbname="$database" ;;
    esac
  done
}

move_into_place() {
  find "$staging" -mindepth 1 -maxdepth 1 ! -name PG_VERSION -exec mv -t "$PGDATA" {} +
  sync --file-system "$PGDATA"
  mv "$staging/PG_VERSION" "$PGDATA/PG_VERSION"
  rmdir "$staging"
}

main "$@"
