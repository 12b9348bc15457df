"""What can be wrong during one sync of a history, and what must hold nevertheless.

PASSING ends after some answers, and a LIE lasts: both change nothing in the tables. After a LASTING
fault the source is stale. A field that is HIDDEN, and a read that is narrowed, are refused until
they are accepted; see `Step`.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from tests.sandbox import Sandbox
from tests.sandbox.server import Fault, Request, Response
from tests.support import faults
from tests.support.faults import LISTS, Effect, status, strikes

SOURCES = ("charthop", "haloitsm", "okta", "pingone")
Rows = list[dict[str, Any]]
NARROWED = "a narrower read"
MISSHAPEN = "ids that are objects"
NARROW = {"SOURCES__PINGONE__ROLE_ASSIGNMENT_PRINCIPALS": "groups_and_apps"}
YEARS = 3650 * 86_400.0
CLOCKS = {"a clock years ahead": YEARS, "a clock years behind": -YEARS}


def on_pages(change: Callable[[Any, Rows], Any]) -> Effect:
    """Return a fault that sends each page as `change` makes it from the body and its rows."""

    def effect(request: Request, honest: Response) -> Response:
        if honest.status != 200:
            return honest
        body = json.loads(honest.encoded())
        inner = body.get("_embedded", body) if isinstance(body, dict) else body
        lists = [inner] if isinstance(inner, list) else [*inner.values()]
        rows = next(value for value in lists if isinstance(value, list))
        return Response(200, change(body, rows), honest.headers)

    return effect


def on_rows(change: Callable[[dict[str, Any]], dict[str, Any]], if_empty: Rows = ()) -> Effect:
    """Return a fault that sends each row of a page as `change` makes it."""

    def changed(body: Any, rows: Rows) -> Any:
        rows[:] = [change(row) for row in rows or if_empty]
        return body

    return on_pages(changed)


def without(name: str) -> Effect:
    return on_rows(lambda row: {key: value for key, value in row.items() if key != name})


def wrong_total(by: int) -> Effect:
    """Return a fault that declares a wrong number of agents, also where a build declares none."""

    def declared(body: Any, rows: Rows) -> Any:
        known = body if isinstance(body, dict) else {"results": rows}
        return known | {"record_count": known.get("record_count", len(rows)) + by}

    return on_pages(declared)


def page_total(body: Any, rows: Rows) -> Any:
    """Declare the number of rows of the page, where a number of rows is declared."""
    is_declared = isinstance(body, dict) and "record_count" in body
    return body | {"record_count": len(rows)} if is_declared else body


# Faults that end after so many answers
PASSING: dict[str, tuple[Effect, int]] = {
    "429": (status(429, retry_after="0"), 1),
    "503": (status(503), 2),
    "hung up": (faults.hang_up, 1),
    "cut": (faults.cut, 1),
    "short gzip": (faults.short_gzip, 2),
    "marked": (faults.marked, 3),
}
# Answers to every request of the longest list, by source
ALWAYS_LASTING: dict[str, Effect] = {
    "404": status(404),
    "error object": status(200, {"error": "no"}),
    "null": status(200, b"null"),
    MISSHAPEN: on_rows(lambda row: row | {"id": {"id": row.get("id")}}, [{}]),
}
LASTING: dict[str, dict[str, Effect]] = {
    "charthop": ALWAYS_LASTING,
    "haloitsm": ALWAYS_LASTING
    | {"a total too large": wrong_total(3), "a total too small": wrong_total(-1)},
    "okta": ALWAYS_LASTING,
    "pingone": ALWAYS_LASTING,
}
LIES: dict[str, dict[str, Effect]] = {
    "charthop": {},
    "haloitsm": {
        "ids that are texts": on_rows(lambda row: row | {"id": str(row["id"])}),
        "a total of the page": on_pages(page_total),
    },
    "okta": {},
    "pingone": {
        "a total too large": on_pages(lambda body, rows: body | {"count": len(rows) + 7}),
        "a total too small": on_pages(lambda body, rows: body | {"count": 1}),
    },
}
# Fields that the credential sees no more, and whether an account's status depends on them
HIDDEN: dict[str, dict[str, bool]] = {
    "charthop": {"startDateOrg": True, "endDateOrg": True, "contact.workEmail": False},
    "haloitsm": {"isdisabled": True, "email": False},
    "okta": {"profile": False},
    "pingone": {"enabled": True, "username": False, "email": False},
}


def kinds(source: str) -> dict[str, list[str]]:
    """Return what can be wrong with a source: the names by kind."""
    return {
        "passing": [*PASSING],
        "lying": [*CLOCKS, *LIES[source]],
        "lasting": [name for name in LASTING[source] if name != MISSHAPEN],
        "misshapen": [MISSHAPEN],
        "hidden": [*HIDDEN[source]],
        "narrow": [NARROWED] if source == "pingone" else [],
    }


def strike(
    sandbox: Sandbox, trouble: dict[str, tuple[str, int]], clock_error: float = 0.0
) -> list[Fault]:
    """Set what is wrong with each source: its name, and how many answers are right before.

    The clocks of all vendors are wrong by `clock_error` seconds. Each returned fault must have
    `fired` when the sync has ended.
    """
    struck = []
    for source in SOURCES:
        server = getattr(sandbox, source)
        name, after = trouble.get(source, ("", 0))
        server.faults, server.clock_error = [], CLOCKS.get(name, clock_error)
        if name in PASSING:
            effect, times = PASSING[name]
            server.faults = [Fault(lambda request: True, effect, times=times, after=after)]
        elif name in LASTING[source]:
            server.faults = [Fault(_is_list(source), LASTING[source][name], times=10_000)]
        elif name in LIES[source] or name in HIDDEN[source]:
            effect = LIES[source].get(name) or without(name)
            server.faults = [Fault(strikes(source, "first"), effect, times=10_000)]
        struck += server.faults
    return struck


def _is_list(source: str) -> Callable[[Request], bool]:
    return lambda request: request.path.endswith(LISTS[source])
