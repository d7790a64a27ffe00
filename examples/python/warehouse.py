#!/usr/bin/env python3
"""Writes an export of the warehouse as CSV. Python 3.8 or later, standard library only.

    python3 warehouse.py users > users.csv
    python3 warehouse.py user-booking-attendance 2026-01-01 2026-06-30 > attendance.csv

ROLLCALL_BASE_URL, ROLLCALL_KEY_ID and ROLLCALL_KEY_SECRET say where and who; the key is of the type Basic and HMAC.
A range of any length is asked for in windows of 30 days.
"""
import base64
import csv
import datetime
import json
import os
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

WINDOW_DAYS = 30
ATTEMPTS = 5


def windows(start, end):
    while start <= end:
        last = min(start + datetime.timedelta(days=WINDOW_DAYS - 1), end)
        yield {"startDate": start.isoformat(), "endDate": last.isoformat()}
        start = last + datetime.timedelta(days=1)


def get(url, key_id, secret):
    credentials = base64.b64encode(f"{key_id}:{secret}".encode()).decode()
    request = urllib.request.Request(url, headers={"Authorization": f"Basic {credentials}"})
    for attempt in range(1, ATTEMPTS + 1):
        try:
            with urllib.request.urlopen(request, timeout=60) as response:
                return json.load(response)
        except urllib.error.HTTPError as error:
            if error.code not in (429, 502, 503, 504) or attempt == ATTEMPTS:
                sys.exit(f"{error.code}: {error.read().decode(errors='replace')}")
            wait_s = error.headers.get("Retry-After", "")
            time.sleep(int(wait_s) if wait_s.isdigit() else 2**attempt)
        except (OSError, ValueError) as error:
            if attempt == ATTEMPTS:
                sys.exit(f"{url}: {error}")
            time.sleep(2**attempt / 4)


def main(arguments):
    base_url = os.environ.get("ROLLCALL_BASE_URL", "").rstrip("/")
    key_id = os.environ.get("ROLLCALL_KEY_ID", "")
    secret = os.environ.get("ROLLCALL_KEY_SECRET", "")
    if len(arguments) not in (1, 3) or not (base_url and key_id and secret):
        print(__doc__, file=sys.stderr)
        return 2
    dataset, *days = arguments
    queries = windows(*map(datetime.date.fromisoformat, days)) if days else [{}]
    rows = []
    for query in queries:
        rows += get(f"{base_url}/v1/analytics/{dataset}/basic?{urllib.parse.urlencode(query)}", key_id, secret)
    # Optional members are absent from some rows.
    columns = list(dict.fromkeys(name for row in rows for name in row))
    writer = csv.DictWriter(sys.stdout, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
