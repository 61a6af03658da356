#!/bin/sh
# Keeps a bearer token in a file, for programs that can read one and cannot fetch one. POSIX sh and curl.
#
#   refresh-token.sh                 until it is told to stop (SIGTERM: exit 0)
#   refresh-token.sh --once          one token; exit 0 when it is there, 1 when not (for cron and timers)
#
#   --settings FILE      default: atalaya.env beside this script
#   --secret-file FILE   in place of the settings' ATALAYA_SECRET_FILE
#   --token-file FILE    in place of the settings' ATALAYA_TOKEN_FILE
#   --health-file FILE   seconds since 1970 of the last token, written after each
#
# The secret goes to curl on standard input and the token from its answer to the file: neither is ever an argument, a variable
# or a line of output. While no new token can be had the old one stays, and is tried for again, each time a little later. A token
# that has ended is removed: the edge would answer 401, at which senders drop what they have, while a file that is missing makes
# them wait. ATALAYA_ENDED_TOKEN=keep leaves it.
set -u
umask 077

say() { printf 'refresh-token: %s\n' "$*" >&2; }
usage() {
  say "$*"
  exit 2
}

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd) || exit 2
settings=$here/atalaya.env
once=no secret_file='' token_file='' health_file=''
while [ $# -gt 0 ]; do
  case $1 in
  --once) once=yes ;;
  --settings | --secret-file | --token-file | --health-file)
    [ $# -gt 1 ] || usage "$1 wants a file."
    case $1 in
    --settings) settings=$2 ;;
    --secret-file) secret_file=$2 ;;
    --token-file) token_file=$2 ;;
    --health-file) health_file=$2 ;;
    esac
    shift
    ;;
  *) usage "There is no option $1." ;;
  esac
  shift
done

[ -r "$settings" ] || usage "The settings cannot be read: $settings"
# shellcheck source=/dev/null
. "$settings"
# Relative paths of the settings are of this directory.
in_here() { case $1 in '' | /*) printf '%s' "$1" ;; *) printf '%s/%s' "$here" "$1" ;; esac; }
token_url=${ATALAYA_TOKEN_URL:?}
client=${ATALAYA_CLIENT_ID:?}
format=${ATALAYA_TOKEN_FORMAT:-raw}
mode=${ATALAYA_TOKEN_MODE:-600}
ended=${ATALAYA_ENDED_TOKEN:-remove}
[ -n "$secret_file" ] || secret_file=$(in_here "${ATALAYA_SECRET_FILE:?}")
[ -n "$token_file" ] || token_file=$(in_here "${ATALAYA_TOKEN_FILE:?}")
authority=$(in_here "${ATALAYA_KEYCLOAK_CA_FILE:-}")
case $ended in remove | keep) ;; *) usage "ATALAYA_ENDED_TOKEN is remove or keep, not $ended." ;; esac
case $format in raw | header) ;; *) usage "ATALAYA_TOKEN_FORMAT is raw or header, not $format." ;; esac
[ -d "$(dirname -- "$token_file")" ] || usage "The token file's directory is missing: $token_file"

new=$token_file.$$.new
answer=$token_file.$$.answer
child=''
clean() {
  trap - TERM INT HUP EXIT
  [ -z "$child" ] || kill "$child" 2>/dev/null
  rm -f -- "$new" "$answer"
}
# Told to stop: well when it runs for ever, and no token when it was to get one.
stopped() {
  clean
  [ "$once" = no ] || exit 1
  exit 0
}
trap stopped TERM INT HUP
trap clean EXIT

# Numbers of others' hosts must not agree: 0 to $1 - 1.
random() {
  number=$(od -An -N2 -tu2 /dev/urandom | tr -d ' \n')
  printf '%s' $((${number:-$$} % $1))
}

# One of curl's own configuration lines. It undoes the backslashes.
secret_line() {
  printf 'data-urlencode = "client_secret='
  sed -e 's/[\\"]/\\&/g' -- "$secret_file" | tr -d '\r\n'
  printf '"\n'
}

# In the background, so that a signal need not wait for it.
ask() {
  secret_line | curl --config - --silent --show-error --connect-timeout 5 --max-time 15 \
    --proto '=https,http' ${authority:+--cacert "$authority"} --output "$answer" --write-out '%{http_code}' \
    --data-urlencode 'grant_type=client_credentials' --data-urlencode "client_id=$client" \
    "$token_url" >"$new" &
  child=$!
  wait "$child"
  result=$?
  child=''
  return "$result"
}

TOKEN='"access_token"[[:space:]]*:[[:space:]]*"\([A-Za-z0-9._~+/=-]\{1,\}\)"'
token_of() { sed -n "s|.*$TOKEN.*|\\1|p" -- "$answer" | tr -d '\n'; }
field() { sed -n "s/.*\"$1\"[[:space:]]*:[[:space:]]*\"\\{0,1\\}\\([A-Za-z0-9_]\\{1,\\}\\).*/\\1/p" -- "$answer" | head -n 1; }

# Whole or not at all: whoever reads meanwhile has the old one.
store() {
  if [ "$format" = header ]; then
    { printf 'Authorization: Bearer ' && token_of && printf '\n'; } >"$new"
  else
    token_of >"$new"
  fi && chmod "$mode" "$new" && mv -f -- "$new" "$token_file"
}

refused() {
  error=$(field error)
  case $1 in
  400 | 401) say "Keycloak gives $client no token: $1 ${error:-}. Is the secret its own, and is the client still active?" ;;
  *) say "Keycloak answers $1 ${error:-}: $token_url" ;;
  esac
}

# Sets $life, in seconds.
refresh() {
  if ! [ -r "$secret_file" ]; then
    say "The secret cannot be read: $secret_file"
    return 1
  fi
  if ! [ -s "$secret_file" ]; then
    say "The secret is empty: $secret_file"
    return 1
  fi
  rm -f -- "$answer"
  if ! ask; then
    say "Keycloak cannot be asked: $token_url (curl says why above)."
    return 1
  fi
  status=$(cat -- "$new")
  if [ "$status" != 200 ]; then
    refused "$status"
    return 1
  fi
  life=$(field expires_in)
  case $life in '' | *[!0-9]*) life='' ;; esac
  if ! grep -q "$TOKEN" -- "$answer" || [ -z "$life" ]; then
    say "What answers at $token_url is no token."
    return 1
  fi
  if ! store; then
    say "The token cannot be written: $token_file"
    return 1
  fi
  rm -f -- "$answer"
  [ -z "$health_file" ] || date +%s >"$health_file"
}

# Of the wall clock, in short pieces: a host that slept in between does not wait on.
rest() {
  until=$(($(date +%s) + $1))
  left=$1
  while [ "$left" -gt 0 ] && [ "$(date +%s)" -lt "$until" ]; do
    piece=$left
    [ "$piece" -le 15 ] || piece=15
    sleep "$piece" &
    child=$!
    wait "$child"
    child=''
    left=$((left - piece))
  done
}

if [ "$once" = yes ]; then
  refresh
  exit
fi

# When the token in the file ends, seconds since 1970; empty: not known, or it was removed.
ends=''
drop_ended() {
  [ "$ended" = remove ] && [ -n "$ends" ] && [ "$(date +%s)" -ge "$ends" ] || return 0
  ends=''
  rm -f -- "$token_file" && say "The token has ended and is removed: $token_file"
}

backoff=1
while :; do
  if refresh; then
    [ "$backoff" = 1 ] || say "There is a token again."
    backoff=1
    ends=$(($(date +%s) + life))
    # At 60 to 75 % of its life.
    pause=$((life * (60 + $(random 16)) / 100))
    [ "$pause" -ge 1 ] || pause=1
  else
    drop_ended
    pause=$((backoff + $(random $((backoff + 1)))))
    backoff=$((backoff * 2))
    [ "$backoff" -le 32 ] || backoff=32
  fi
  rest "$pause"
done
