"""Reads whom ChartHop finds by queries in Carrot, its query language.

ChartHop itself answers a query, because nothing else knows the whole language (docs.charthop.com,
"Carrot"). Whether a query sees leavers and future hires under `includeAll` is not documented.
"""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa

from pipelines.failures import Denied, Misconfigured, Unreadable
from pipelines.files.json_text import NotJson, parse
from pipelines.redact import redact_text
from pipelines.sources.charthop.client import ChartHop
from pipelines.sources.charthop.persons import PERSONS_RIGHT, Persons
from pipelines.sources.raw_rows import Row, row_ids, wrap_rows

REFUSED_STATUSES = (400, 403)


def read_queries(people: Persons, queries: tuple[str, ...]) -> Iterator[pa.Table]:
    """Yield one row per query: the ids of the people that it finds, or why ChartHop refuses it.

    A refused query finds nobody and is marked, so that it is no empty answer. Any other failure is
    raised, because it is one of the source.
    """
    org = people.org
    rows: list[tuple[str, Row]] = []
    if queries:
        _ = people.person_list  # first, because it finds the page size that ChartHop accepts
    for query in queries:
        row: Row = {"query": query, "ids": [], "isRefused": False, "refusedBecause": None}
        try:
            row["ids"] = _read_ids(org, query)
        except (Denied, Unreadable) as failure:
            if failure.status not in REFUSED_STATUSES:
                raise
            why = find_message(failure)
            row |= {"isRefused": True, "refusedBecause": why}
            org.counters.warn(
                f"charthop: it refuses the query {redact_text(query)} of a push rule: {why}"
            )
        rows.append((query, row))
    org.counters.rows_read["queries"] = len(rows)
    yield wrap_rows(rows)


def find_people(org: ChartHop, query: str) -> list[str]:
    """Return the ids of the people whom a query finds, as `people` has them. Raises Misconfigured
    with ChartHop's own words if it refuses the query."""
    try:
        return [f"charthop:person:{key}" for key in _read_ids(org, query)]
    except (Denied, Unreadable) as failure:
        if failure.status not in REFUSED_STATUSES:
            raise
        why = f"charthop refuses the query: {find_message(failure)}"
        raise Misconfigured("the query", why, "correct it") from None


def _read_ids(org: ChartHop, query: str) -> list[str]:
    path = f"v2/org/{org.org_id}/person"
    wanted = {"q": query, "fields": "id", "includeAll": "true", "date": org.today}
    return sorted(row_ids(org.read_list("queries", path, PERSONS_RIGHT, counted=False, **wanted)))


def find_message(failure: Denied | Unreadable) -> str:
    """Return the sentence in ChartHop's answer, else the failure's own."""
    try:
        message = parse(failure.body)["message"]
    except (NotJson, KeyError, TypeError):
        message = failure.why
    return redact_text(message)
