"""The two ways to read Okta's System Log.

Polling (ascending, no `until`) follows the order in which events persisted and always has a next
page. A bounded read (`until`, or descending) follows `published`, and ends.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from tests.sandbox.okta import filter as scim
from tests.sandbox.okta.directory import Thing
from tests.sandbox.okta.filter import stamp
from tests.sandbox.okta.log import RETENTION, Logged
from tests.sandbox.okta.switches import Refused, invalid
from tests.sandbox.server import Response

MOST, DEFAULT = 1000, 100
Links = Callable[[dict[str, dict[str, Any]]], dict[str, str | list[str]]]


def read_log(live: Logged, query: dict[str, str], links: Links) -> Response:
    """Answer one page of the log."""
    if "since" in query and "after" in query:
        raise invalid("after", "after: since and after cannot be used together")
    order = query.get("sortOrder", "ASCENDING")
    if order not in ("ASCENDING", "DESCENDING"):
        raise invalid("sortOrder", "sortOrder: must be ASCENDING or DESCENDING")
    limit = query.get("limit", str(DEFAULT))
    if not limit.isdecimal() or int(limit) > MOST:
        raise invalid("limit", f"limit: must be a number between 0 and {MOST}")
    matches = _test(query)
    at = _open_cursor(query["after"]) if "after" in query else _begin(live, query, order)
    if at["mode"] == "polling":
        rows, at = _poll(live, at, matches, int(limit))
        more = True
    else:
        rows, at, more = _bounded(live, at, matches, int(limit))
    kept = {name: query[name] for name in ("filter", "q", "sortOrder") if name in query}
    after = {"after": _cursor(at), "limit": limit} | kept
    return Response(200, rows, links({"next": after} if more else {}))


def _begin(live: Logged, query: dict[str, str], order: str) -> dict[str, Any]:
    now = live.now() + timedelta(milliseconds=1)  # what happens now is there, too
    until = scim.parse_time(query["until"]) if "until" in query else stamp(now)
    if "since" in query:
        since = scim.parse_time(query["since"])
    else:
        since = stamp(live.now() - timedelta(days=7))
    too_old = since < stamp(live.now() - timedelta(days=180))
    if too_old and live.switches.since_over_180_days == "refused":
        raise invalid("since", "since: must not be more than 180 days ago")
    if order == "ASCENDING" and "until" not in query:
        return {"mode": "polling", "place": 0, "since": since, "began": live.ticks()}
    return {"mode": "bounded", "since": since, "until": until, "order": order, "last": None}


def _poll(
    live: Logged, at: dict[str, Any], matches: scim.Test, limit: int
) -> tuple[list[Thing], dict[str, Any]]:
    rows: list[Thing] = []
    place, oldest = at["place"], max(at["since"], stamp(live.now() - RETENTION))
    for persisted, event in live.events[place:]:
        if len(rows) == limit or persisted > live.ticks() - live.switches.log_lag:
            break
        place += 1
        # an event that persists after the read began is told, however old it says to be
        is_late = persisted > at["began"]
        if (is_late or event["published"] >= oldest) and matches(event):
            rows.append(event)
    return rows, at | {"place": place}


def _bounded(
    live: Logged, at: dict[str, Any], matches: scim.Test, limit: int
) -> tuple[list[Thing], dict[str, Any], bool]:
    downwards = at["order"] == "DESCENDING"
    found = sorted(
        (
            ([one["published"], one["uuid"]], one)
            for one in live.readable()
            if at["since"] <= one["published"] < at["until"] and matches(one)
        ),
        key=lambda pair: pair[0],
        reverse=downwards,
    )
    if at["last"]:
        found = [
            pair for pair in found if (pair[0] < at["last"] if downwards else pair[0] > at["last"])
        ]
    page = found[:limit]
    last = page[-1][0] if page else at["last"]
    return [one for _, one in page], at | {"last": last}, len(found) > len(page)


def _test(query: dict[str, str]) -> scim.Test:
    words = query.get("q", "").casefold().split()
    if len(words) > 10 or any(len(word) > 40 for word in words):
        raise invalid("q", "q: at most 10 words of at most 40 characters")
    if not query.get("filter"):
        return lambda event: _has(event, words)
    test = scim.compile_filter(query["filter"], scim.log_filter, "E0000031")
    return lambda event: test(event) and _has(event, words)


def _has(event: Thing, words: list[str]) -> bool:
    text = json.dumps(event, ensure_ascii=False).casefold() if words else ""
    return all(word in text for word in words)


def _cursor(at: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(at).encode()).decode().rstrip("=")


def _open_cursor(given: str) -> dict[str, Any]:
    try:
        at = json.loads(base64.b64decode(given + "=" * (-len(given) % 4), b"-_", validate=True))
        at["mode"]
    except (ValueError, KeyError, TypeError):
        raise Refused(400, "E0000031", causes=["invalid after"]) from None
    return at
