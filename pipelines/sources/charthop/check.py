"""Checks what a ChartHop token can read, with one cheap call per endpoint that a sync uses."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pipelines.failures import Denied
from pipelines.sources.charthop.client import GROUPS_RIGHT, ChartHop, find_rows
from pipelines.sources.charthop.persons import PERSON, PERSONS_RIGHT
from pipelines.sources.needed_fields import check_rows
from pipelines.sources.probe import Probe, ProbeWarning
from pipelines.sources.raw_rows import Row


def probes(org: ChartHop) -> Iterator[Probe]:
    """Yield the probes of a sync."""
    types, groups = f"v1/org/{org.org_id}/group-type", f"v2/org/{org.org_id}/group"
    yield Probe("organisation", lambda: check_time_zone(org))
    yield Probe(
        "persons",
        lambda: check_persons(org),
        PERSONS_RIGHT,
        "who works for the company, and who left",
    )
    yield Probe(
        "group types",
        lambda: check_list(org, types, GROUPS_RIGHT),
        GROUPS_RIGHT,
        "the types of groups",
    )
    yield Probe(
        "groups", lambda: check_list(org, groups, GROUPS_RIGHT), GROUPS_RIGHT, "who is in which"
    )


def check_time_zone(org: ChartHop) -> str:
    """Compare the organisation's time zone with the setting."""
    try:
        actual = org.api.get_object(f"v1/org/{org.org_id}").get("timezone")
    except Denied as denied:
        if denied.status != 403:
            raise
        actual = None
    if actual and actual != org.zone.key:
        raise ProbeWarning(
            f"its time zone is {actual}, but days are counted in {org.zone.key}",
            f"set SOURCES__CHARTHOP__TIMEZONE to {actual}",
        )
    return f"today is {org.today} there"


def check_list(org: ChartHop, path: str, right: str) -> str:
    found = read_first_rows(org, path, right, limit=100)
    check_rows("charthop", path.rpartition("/")[2], found)
    return "can be read" if found else "can be read, but has no rows"


def check_persons(org: ChartHop) -> str:
    """Report which fields one page of persons lacks. ChartHop may leave out a field silently."""
    path, fields = f"v2/org/{org.org_id}/person", {*PERSON, "groupIds"}
    wanted = {"includeAll": "true", "fields": ",".join(fields), "date": org.today}
    found = read_first_rows(org, path, PERSONS_RIGHT, limit=org.page_size, **wanted)
    if not found:
        raise ProbeWarning("the list is empty", f"give the token {PERSONS_RIGHT}")
    check_rows("charthop", "persons", found)
    missing = sorted(fields - {key for person in found for key in person})
    if not missing:
        return "can be read, with groupIds"
    return f"can be read; none of the first {len(found)} has {', '.join(missing)}"


def read_first_rows(org: ChartHop, path: str, right: str, **params: Any) -> list[Row]:
    body = org.api.get(path, right, **params)
    found = find_rows(body)
    if found is None:
        raise org.api.unexpected_body(path, body, "a list under `data`")
    return found
