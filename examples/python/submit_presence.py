#!/usr/bin/env python3
"""Logs in with a key and submits one presence event. Needs Python 3.8 or later and nothing else.

usage: submit_presence.py LOCATION_ID USER_EMAIL [LOCATION_TYPE]

LOCATION_TYPE is location, level, zone, place or space (default: location). The rest comes from the environment:

  ROLLCALL_BASE_URL    for example https://rollcall.example.com
  ROLLCALL_KEY_ID      id of a key that may submit events
  ROLLCALL_KEY_SECRET  its secret
  ROLLCALL_LOCATION_ID, ROLLCALL_USER_EMAIL, ROLLCALL_LOCATION_TYPE in place of the arguments

Exit status: 0 the event is stored, 1 it was refused or the server was not reached, 2 wrong usage.
"""

import hashlib
import hmac
import json
import os
import sys
import time
import urllib.error
import urllib.request
import uuid
from datetime import datetime, timezone


class Refused(Exception):
    """The server said no; the text is its own."""


def post(base_url, path, body, token=None):
    headers = {"Content-Type": "application/json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    data = json.dumps(body).encode("utf-8")
    request = urllib.request.Request(base_url + path, data=data, headers=headers, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=30) as response:
            return json.load(response)
    except urllib.error.HTTPError as error:
        raise Refused(f"{error.code}: {message_of(error.read().decode('utf-8', 'replace'))}") from None
    except OSError as error:
        raise Refused(f"{base_url} was not reached: {error}") from None


def message_of(text):
    """What the server says is wrong: a login's reply has a message, every other error a detail."""
    try:
        problem = json.loads(text)
        return problem.get("message") or problem.get("detail") or text
    except (ValueError, AttributeError):
        return text


def log_in(base_url, key_id, secret):
    timestamp = int(time.time())
    message = f"{key_id}{timestamp}".encode("utf-8")
    digest = hmac.new(secret.encode("utf-8"), message, hashlib.sha256).hexdigest()
    reply = post(base_url, "/v1/auth", {"apiKey": key_id, "timestamp": timestamp, "hash": digest})
    return reply["token"]


def submit(base_url, token, location_id, location_type, user_email):
    event = {
        "eventId": str(uuid.uuid4()),
        "timestamp": datetime.now(timezone.utc).isoformat(),
        "locationId": location_id,
        "locationType": location_type,
        "userEmail": user_email,
    }
    body = {"sourceId": "python example", "presenceEvents": [event]}
    result = post(base_url, "/v1/presence/", body, token)["results"][0]
    if result["resultCode"] != 0:
        raise Refused(f"result code {result['resultCode']}: {result['message']}")
    return result


def setting(name, arguments=(), index=0, default=None):
    value = arguments[index] if index < len(arguments) else os.environ.get(name, default)
    if not value:
        print(f"{name} is missing\n\n{__doc__}", file=sys.stderr)
        sys.exit(2)
    return value


def main(arguments):
    base_url = setting("ROLLCALL_BASE_URL").rstrip("/")
    key_id = setting("ROLLCALL_KEY_ID")
    secret = setting("ROLLCALL_KEY_SECRET")
    location_id = setting("ROLLCALL_LOCATION_ID", arguments, 0)
    user_email = setting("ROLLCALL_USER_EMAIL", arguments, 1)
    location_type = setting("ROLLCALL_LOCATION_TYPE", arguments, 2, "location")
    try:
        token = log_in(base_url, key_id, secret)
        result = submit(base_url, token, location_id, location_type, user_email)
    except Refused as refused:
        print(refused, file=sys.stderr)
        return 1
    print(f"{result['eventId']}: {result['message']}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
