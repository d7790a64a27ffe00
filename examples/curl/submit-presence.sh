#!/bin/sh
# Logs in with a key and submits one presence event. Needs curl and openssl.
set -eu

usage() {
  cat >&2 <<'USAGE'
usage: submit-presence.sh LOCATION_ID USER_EMAIL [LOCATION_TYPE]

LOCATION_TYPE is location, level, zone, place or space (default: location). The rest comes from the environment:

  ROLLCALL_BASE_URL    for example https://rollcall.example.com
  ROLLCALL_KEY_ID      id of a key that may submit events
  ROLLCALL_KEY_SECRET  its secret
  ROLLCALL_LOCATION_ID, ROLLCALL_USER_EMAIL, ROLLCALL_LOCATION_TYPE in place of the arguments

Exit status: 0 the event is stored, 1 it was refused or the server was not reached, 2 wrong usage.
USAGE
  exit 2
}

base_url=${ROLLCALL_BASE_URL:-}
key_id=${ROLLCALL_KEY_ID:-}
secret=${ROLLCALL_KEY_SECRET:-}
location_id=${1:-${ROLLCALL_LOCATION_ID:-}}
user_email=${2:-${ROLLCALL_USER_EMAIL:-}}
location_type=${3:-${ROLLCALL_LOCATION_TYPE:-location}}
for value in "$base_url" "$key_id" "$secret" "$location_id" "$user_email"; do
  [ -n "$value" ] || usage
done

# A text as it stands between the quotes of a JSON string.
json_text() { printf '%s' "$1" | sed 's/\\/\\\\/g; s/"/\\"/g'; }

# The text of a member of a JSON reply in which no string holds a quotation mark.
member() { printf '%s' "$reply" | sed -n "s/.*\"$1\":\"\\([^\"]*\\)\".*/\\1/p"; }

# post PATH BODY [TOKEN] sets reply and status. The token goes by standard input: arguments show in the process list.
post() {
  answer=$(
    printf '%s\n' "${3:+header = \"Authorization: Bearer $3\"}" |
      curl --config - --silent --show-error --max-time 30 --write-out '\n%{http_code}' \
        --header 'Content-Type: application/json' --data-binary "$2" "${base_url%/}$1"
  ) || exit 1
  status=${answer##*
}
  reply=${answer%
*}
  [ "$status" = 200 ] && return
  message=$(member message)
  [ -n "$message" ] || message=$(member detail)
  printf '%s: %s\n' "$status" "${message:-$reply}" >&2
  exit 1
}

# openssl shows the secret in the process list while it runs: on a machine that others use, take another example.
timestamp=$(date +%s)
hash=$(printf '%s' "$key_id$timestamp" | openssl dgst -sha256 -hmac "$secret" | sed 's/^.* //')
post /v1/auth "{\"apiKey\":\"$(json_text "$key_id")\",\"timestamp\":$timestamp,\"hash\":\"$hash\"}"
token=$(member token)

event_id="curl-$timestamp-$$"
post /v1/presence/ "{\"sourceId\":\"curl example\",\"presenceEvents\":[{
  \"eventId\":\"$event_id\",
  \"timestamp\":\"$(date -u +%Y-%m-%dT%H:%M:%SZ)\",
  \"locationId\":\"$(json_text "$location_id")\",
  \"locationType\":\"$(json_text "$location_type")\",
  \"userEmail\":\"$(json_text "$user_email")\"}]}" "$token"

case $reply in
  *'"resultCode":0'*) printf '%s: %s\n' "$event_id" "$(member message)" ;;
  *)
    code=$(printf '%s' "$reply" | sed -n 's/.*"resultCode":\([0-9]*\).*/\1/p')
    printf 'result code %s: %s\n' "$code" "$(member message)" >&2
    exit 1
    ;;
esac
