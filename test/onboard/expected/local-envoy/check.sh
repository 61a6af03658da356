#!/bin/sh
# Says in words what keeps this host's telemetry from arriving. POSIX sh and curl.
#
#   check.sh                     exit 0: all is well; 1: something is not; 2: it cannot be tried
#   --settings FILE              default: atalaya.env beside this script
#   --secret-file FILE           in place of the settings' ATALAYA_SECRET_FILE
#
# It writes one log line of its own, {service_name="atalaya-check"}. The secret and the token go to curl on standard input alone.
set -u
umask 077

usage() {
  printf 'check: %s\n' "$*" >&2
  exit 2
}

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd) || exit 2
settings=$here/atalaya.env secret_file=''
while [ $# -gt 0 ]; do
  [ $# -gt 1 ] || usage "$1 wants a file, or is no option."
  case $1 in
  --settings) settings=$2 ;;
  --secret-file) secret_file=$2 ;;
  *) usage "There is no option $1." ;;
  esac
  shift 2
done
command -v curl >/dev/null || usage "There is no curl on this host. Install it and ask again."
[ -r "$settings" ] || usage "The settings cannot be read: $settings"
# shellcheck source=/dev/null
. "$settings"
in_here() { case $1 in '' | /*) printf '%s' "$1" ;; *) printf '%s/%s' "$here" "$1" ;; esac; }
edge=${ATALAYA_EDGE:?}
issuer=${ATALAYA_ISSUER:?}
token_url=${ATALAYA_TOKEN_URL:?}
client=${ATALAYA_CLIENT_ID:?}
[ -n "$secret_file" ] || secret_file=$(in_here "${ATALAYA_SECRET_FILE:?}")
edge_authority=$(in_here "${ATALAYA_CA_FILE:-}")
issuer_authority=$(in_here "${ATALAYA_KEYCLOAK_CA_FILE:-}")

work=$(mktemp -d) || usage "No directory for temporary files."
trap 'rm -rf -- "$work"' EXIT
trap 'exit 1' TERM INT HUP

good() { printf 'ok    %s\n' "$*"; }
hint() { printf '      %s\n' "$*"; }
bad() {
  printf 'WRONG %s\n' "$1"
  shift
  for line; do hint "$line"; done
  exit 1
}

# ask AUTHORITY [curl's options] URL: $status, $headers, $body; its result is curl's, and what curl says is in $why.
headers=$work/headers body=$work/body
ask() {
  authority=$1
  shift
  # HTTP/1.1: over HTTP/2 some versions of curl take an answer that comes before the whole request for an error.
  status=$(curl --http1.1 --silent --show-error --connect-timeout 5 --max-time 20 ${authority:+--cacert "$authority"} \
    --dump-header "$headers" --output "$body" --write-out '%{http_code}' "$@" 2>"$work/why")
  result=$?
  why=$(tr -d '\r' <"$work/why" | head -n 1 | cut -c 1-300)
  return "$result"
}

# What curl's result says of WHAT at URL.
unreachable() {
  what=$1 url=$2 result=$3 authority=$4
  address=$(printf '%s' "$url" | sed 's|^[a-z]*://\([^/]*\).*|\1|')
  case $result in
  5) bad "DNS: the proxy of this host's settings has no address (https_proxy)." "$why" ;;
  6) bad "DNS: this host finds no address for $address ($what)." "Is the name right, and does this host's resolver know it? $why" ;;
  7) bad "TCP: nobody answers at $address ($what)." "Is a firewall between, is the port published, does $what run? $why" ;;
  28) bad "TCP: no answer from $address in time ($what)." "Most often a firewall that drops what it refuses. $why" ;;
  60 | 51) untrusted "$what" "$address" "$url" ;;
  77) bad "TLS: the authority's file cannot be read: $authority" "$why" ;;
  35) bad "TLS: $address does not speak TLS as it should ($what)." "Is it the right port? $why" ;;
  *) bad "$what at $address cannot be asked (curl $result)." "$why" ;;
  esac
}

# The certificate is refused: by its time, its name or its authority.
untrusted() {
  case $why in
  *'not yet valid'* | *expired*)
    bad "TLS: the certificate of $2 ($1) is not valid at this host's time, $(date -u '+%Y-%m-%d %H:%M:%S') UTC." \
      "Is this host's clock right? If it is, the certificate has to be renewed. $why"
    ;;
  *'subject name'* | *'not match'*)
    bad "TLS: the certificate of $2 ($1) is for another name." "Ask it under the name that the environment publishes. $why"
    ;;
  *)
    if [ -n "$authority" ]; then by="by the authority in $authority"; else by="by an authority that this host's system trusts"; fi
    bad "TLS: the certificate of $2 ($1) is not $by." "Is ca.crt this environment's, and does nothing between take TLS apart? $why"
    ;;
  esac
}

# Seconds since 1970 of "year month day hour minute second", without date's own options, which differ.
seconds() {
  awk -v of="$1" 'BEGIN {
    split(of, t, " ")
    y = t[1]; m = t[2]
    if (m <= 2) { y--; m += 12 }
    days = 365 * y + int(y / 4) - int(y / 100) + int(y / 400) + int((153 * (m - 3) + 2) / 5) + t[3] - 719469
    printf "%d", ((days * 24 + t[4]) * 60 + t[5]) * 60 + t[6]
  }'
}

# Its Date header: "Sat, 21 Nov 2026 20:14:42 GMT".
edge_time() {
  tr -d '\r' <"$headers" | awk 'tolower($1) == "date:" {
    month = (index("JanFebMarAprMayJunJulAugSepOctNovDec", $4) + 2) / 3
    split($6, t, ":")
    if (month >= 1 && $7 == "GMT") print $5, month, $3 + 0, t[1] + 0, t[2] + 0, t[3] + 0
    exit
  }'
}

json() { tr -d '\n' <"$body" | sed -n "s|.*\"$1\"[[:space:]]*:[[:space:]]*\"\\([^\"]*\\)\".*|\\1|p" | sed 's|\\/|/|g' | cut -c 1-200; }

# 1. The edge, which answers an unknown path 404.
ask "$edge_authority" "$edge/" || unreachable "the edge" "$edge" "$result" "$edge_authority"
good "DNS, TCP and TLS: the edge answers at $edge"

# 2. The clock: a token is refused that was issued in the future, or has ended.
theirs=$(edge_time)
ours=$(date -u '+%Y %m %d %H %M %S')
if [ -z "$theirs" ]; then
  hint "The edge's answer has no Date header: this host's clock is not compared."
else
  skew=$(($(seconds "$ours") - $(seconds "$theirs")))
  case $skew in -*) side="behind" ;; *) side="ahead of" ;; esac
  if [ "${skew#-}" -gt 30 ]; then
    bad "Clock: this host is ${skew#-} seconds $side the edge." "Tokens may differ by 60 seconds at most. Let it follow a time server (timedatectl set-ntp true)."
  fi
  good "clock: within 30 seconds of the edge's"
fi

# 3. Keycloak, under the very name that the edge expects in a token.
ask "$issuer_authority" "$issuer/.well-known/openid-configuration" ||
  unreachable "Keycloak" "$issuer" "$result" "$issuer_authority"
[ "$status" = 200 ] || bad "Keycloak at $issuer answers $status." "Is it this environment's, and is nothing else at that address?"
named=$(json issuer)
[ "$named" = "$issuer" ] || bad "Keycloak calls itself ${named:-nothing}, and the edge expects $issuer." \
  "Tokens would be refused (401). Ask it under the environment's public URL; a proxy before it must pass its name on."
good "issuer: $issuer"

# 4. The secret, and a token for it.
[ -e "$secret_file" ] || bad "The client's secret is missing: $secret_file" "The environment's operators have it: README.md says how to put it there."
[ -r "$secret_file" ] || bad "The client's secret cannot be read by $(id -un): $secret_file"
[ -s "$secret_file" ] || bad "The client's secret is empty: $secret_file"
if [ "${ATALAYA_SECRET_EXACT:-no}" = yes ] && [ "$(tail -c 1 -- "$secret_file" | od -An -c | tr -d ' ')" = '\n' ]; then
  bad "The client's secret ends with a line's end, which Envoy would send with it: $secret_file" "Write it with: printf %s"
fi
secret_line() {
  printf 'data-urlencode = "client_secret='
  sed -e 's/[\\"]/\\&/g' -- "$secret_file" | tr -d '\r\n'
  printf '"\n'
}
secret_line >"$work/secret"
ask "$issuer_authority" --config - --data-urlencode 'grant_type=client_credentials' --data-urlencode "client_id=$client" \
  "$token_url" <"$work/secret" || unreachable "Keycloak" "$token_url" "$result" "$issuer_authority"
rm -f -- "$work/secret"
case $status in
200) ;;
400 | 401) bad "Keycloak gives $client no token: $status $(json error)." \
  "invalid_client: $client is suspended or not of this environment. unauthorized_client: the secret is not (or no longer) its own." ;;
*) bad "Keycloak answers $status $(json error) where a token was asked for: $token_url" ;;
esac
{
  printf 'header = "Authorization: Bearer '
  tr -d '\n' <"$body" | sed -n 's|.*"access_token"[[:space:]]*:[[:space:]]*"\([A-Za-z0-9._~+/=-]\{1,\}\)".*|\1|p' | tr -d '\n'
  printf '"\n'
} >"$work/token"
good "token: Keycloak gives $client one"

# 5. A log line of the tenant's.
now=$(seconds "$(date -u '+%Y %m %d %H %M %S')")
cat >"$work/line" <<END
{"resourceLogs":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"atalaya-check"}}]},"scopeLogs":[{"logRecords":[{"timeUnixNano":"${now}000000000","severityText":"INFO","body":{"stringValue":"atalaya-check of $client"}}]}]}]}
END
ask "$edge_authority" --config - --header 'Content-Type: application/json' --data-binary "@$work/line" "$edge/v1/logs" \
  <"$work/token" || unreachable "the edge" "$edge" "$result" "$edge_authority"
code=$(json code)
case $status in
200) good "write: the edge takes a log line of $client; it is found by {service_name=\"atalaya-check\"}" ;;
401) bad "The edge refuses the token: 401 $code." "Keycloak and the edge are of different environments, or the clocks differ: ask the environment's operators." ;;
403) bad "The edge lets $client write for no tenant: 403 $code." "Its tenant, or it, is suspended or not in the list any more." ;;
404) bad "There is nothing to write to at $edge/v1/logs: 404." "Is it the edge's port for OTLP over HTTP?" ;;
429) bad "The tenant sends more than it may: 429 $code." "Nothing is lost where senders wait: they try again." ;;
5*) bad "The edge cannot take it now: $status $code." "Senders wait and try again. If it stays: the environment's operators." ;;
*) bad "The edge answers $status $code." "$(cut -c 1-300 <"$body" | tr -d '\n')" ;;
esac
