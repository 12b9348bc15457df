"""What a ChartHop token can read, one cheap call per endpoint that a sync uses."""

from __future__ import annotations

from collections.abc import Iterator

from pipelines.failures import Denied
from pipelines.sources.charthop.client import GROUPS_RIGHT, PERSON, PERSONS_RIGHT, ChartHop, rows_of
from pipelines.sources.probe import Probe, ProbeWarning


def probes(org: ChartHop) -> Iterator[Probe]:
    yield Probe("organisation", lambda: zone(org))
    yield Probe("group types", lambda: first(org, f"v1/org/{org.org_id}/group-type", GROUPS_RIGHT))
    yield Probe("groups", lambda: first(org, f"v2/org/{org.org_id}/group", GROUPS_RIGHT))
    yield Probe("persons", lambda: persons(org))


def zone(org: ChartHop) -> str:
    """The organisation's time zone against the setting."""
    try:
        told = org.api.object(f"v1/org/{org.org_id}").get("timezone")
    except Denied as denied:
        if denied.status != 403:
            raise
        told = None
    if told and told != org.zone.key:
        raise ProbeWarning(
            f"it keeps the time of {told}, and days are counted in {org.zone.key}",
            f"set SOURCES__CHARTHOP__TIMEZONE to {told}",
        )
    return f"today is {org.today} there"


def first(org: ChartHop, path: str, right: str) -> str:
    found = rows_of(org.api.get(path, right, limit=1))
    if found is None:
        raise org.api.unexpected(path, found, "a list under `data`")
    return "can be read" if found else "can be read, and there are none"


def persons(org: ChartHop) -> str:
    """Which of the fields come, judged by a page of persons: a field may be left out unsaid."""
    path = f"v2/org/{org.org_id}/person"
    fields = {*PERSON, "groupIds"}
    found = rows_of(
        org.api.get(path, PERSONS_RIGHT, limit=100, includeAll="true", fields=",".join(fields))
    )
    if found is None:
        raise org.api.unexpected(path, found, "a list under `data`")
    missing = sorted(fields - {key for person in found for key in person})
    if not missing:
        return "can be read, with groupIds"
    return f"can be read; none of the first {len(found)} has {', '.join(missing)}"
