#!/bin/sh
# Logs in with a key and submits one presence event. Needs curl 7.76 or later.
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

# post PATH CONFIG BODY sets reply. CONFIG goes by standard input: arguments show in the process list.
post() {
  reply=$(
    printf '%s\n' "$2" |
      curl --config - --silent --show-error --fail-with-body --max-time 30 \
        --header 'Content-Type: application/json' --data-binary "$3" "${base_url%/}$1"
  ) && return
  # Of an answer with an error there is a body, else curl has said why there is none.
  for name in message error_description detail; do
    message=$(member "$name")
    [ -z "$message" ] || break
  done
  [ -z "${message:-$reply}" ] || printf '%s\n' "${message:-$reply}" >&2
  exit 1
}

# The key logs in by OAuth 2.0 client credentials: an HMAC in a shell would show the secret in the process list.
post /v1/auth/token "user = \"$(json_text "$key_id:$secret")\"" '{"grant_type":"client_credentials"}'
token=$(member access_token)

timestamp=$(date +%s)
event_id="curl-$timestamp-$$"
post /v1/presence/ "header = \"Authorization: Bearer $token\"" "{\"sourceId\":\"curl example\",\"presenceEvents\":[{
  \"eventId\":\"$event_id\",
  \"timestamp\":\"$(date -u +%Y-%m-%dT%H:%M:%SZ)\",
  \"locationId\":\"$(json_text "$location_id")\",
  \"locationType\":\"$(json_text "$location_type")\",
  \"userEmail\":\"$(json_text "$user_email")\"}]}"

case $reply in
  *'"resultCode":0'*) printf '%s: %s\n' "$event_id" "$(member message)" ;;
  *)
    code=$(printf '%s' "$reply" | sed -n 's/.*"resultCode":\([0-9]*\).*/\1/p')
    printf 'result code %s: %s\n' "$code" "$(member message)" >&2
    exit 1
    ;;
esac
