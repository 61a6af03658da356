#!/bin/sh
# curl (7.76 or newer) for tenant mx (tenant-mx) of stack prod, by npx atalaya onboard.
# Atalaya's tests run this file: each signal, by sh and curl.
# No secret is in here, only the place where it lies. README.md says how it gets there.
set -eu
EDGE='https://edge.example.com:4318'
AUTHORITY='/etc/atalaya/ca.crt'
TOKEN_URL='https://login.example.com:8090/realms/observability/protocol/openid-connect/token'
CLIENT_ID='agent-mx'
SECRET_FILE='/etc/atalaya/secrets/client-secret'
LOGS='{"resourceLogs":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"atalaya-onboard"}}]},"scopeLogs":[{"logRecords":[{"timeUnixNano":"@NOW@","body":{"stringValue":"hello"}}]}]}]}'
METRICS='{"resourceMetrics":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"atalaya-onboard"}}]},"scopeMetrics":[{"metrics":[{"name":"atalaya_onboard_hello","gauge":{"dataPoints":[{"timeUnixNano":"@NOW@","asDouble":1}]}}]}]}]}'
TRACES='{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"atalaya-onboard"}}]},"scopeSpans":[{"spans":[{"traceId":"@TRACE@","spanId":"@SPAN@","name":"hello","kind":1,"startTimeUnixNano":"@NOW@","endTimeUnixNano":"@NOW@"}]}]}]}'

# Usage: send.sh logs|metrics|traces [FILE]
# Sends FILE, a request of OTLP in JSON; without one it sends a greeting, to see that it arrives.
# Tried again for 4 minutes on 408, 429, 5xx and while nobody answers; the exit code says whether it was taken.
signal="${1:?logs, metrics or traces}"
file="${2-}"

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

if [ -z "$file" ]; then
  file="$work/greeting.json"
  case "$signal" in
    logs) greeting="$LOGS" ;;
    metrics) greeting="$METRICS" ;;
    traces) greeting="$TRACES" ;;
    *) echo "send.sh: no signal $signal" >&2; exit 2 ;;
  esac
  trace="$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')"
  now="$(date +%s)"
  printf '%s' "$greeting" | sed "s/@NOW@/${now}000000000/g; s/@TRACE@/$trace/g; s/@SPAN@/$(printf '%.16s' "$trace")/g" > "$file"
fi

# The secret and the token stand in no command line, where other users would see them.
umask 077
tr -d '\r\n' < "$SECRET_FILE" | curl --silent --show-error --fail-with-body --max-time 20 --retry 5 --retry-max-time 60 \
  --data grant_type=client_credentials --data-urlencode "client_id=$CLIENT_ID" --data-urlencode client_secret@- \
  --output "$work/token.json" "$TOKEN_URL" || { cat "$work/token.json" >&2 2>/dev/null; echo "send.sh: no token" >&2; exit 1; }
{ printf 'Authorization: Bearer '; sed 's/.*"access_token" *: *"\([^"]*\)".*/\1/' "$work/token.json"; } > "$work/header"

curl --http1.1 --silent --show-error --fail-with-body --max-time 40 --retry 20 --retry-max-time 240 --retry-connrefused \
  --cacert "$AUTHORITY" --header "@$work/header" --header 'Content-Type: application/json' \
  --data-binary "@$file" "$EDGE/v1/$signal"
echo
