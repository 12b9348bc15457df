"""Reads new hires as they are on their first day, and leavers as they were on their last.

A person has a title, a department and a location through a seat, and holds the seat only while
employed. ChartHop shows everything as of a day (docs.charthop.com, "Developer basics"), so the list
of today may lack all that of other people. Nothing is asked unless push rules are about them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta

import pyarrow as pa

from pipelines.sources.charthop.persons import PERSONS_RIGHT, Persons
from pipelines.sources.raw_rows import Row, parse_rows

AT_ONCE = 100  # ids in one request, which has them in its address


def read_first_and_last_days(people: Persons) -> Iterator[pa.Table]:
    """Yield the people who start soon or have just left, one list per day."""
    by_day = defaultdict(list)
    for person in parse_rows(people.person_list):
        if day := _find_day(people, person):
            by_day[day].append(str(person["id"]))
    fields = ",".join(sorted(people.fields_read - {"groupIds"}))
    people.counters.rows_read["first_and_last_days"] = 0
    for day, ids in sorted(by_day.items()):
        for first in range(0, len(ids), AT_ONCE):
            wanted = {"includeAll": "true", "fields": fields, "date": day}
            wanted["ids"] = ",".join(ids[first : first + AT_ONCE])
            yield from people.org.read_list(
                "first_and_last_days", people.path, PERSONS_RIGHT, **wanted
            )


def _find_day(people: Persons, person: Row) -> str | None:
    """Return the first or last day of a person whom the rules want and who has no seat today."""
    if person.get("jobId"):
        return None
    today = date.fromisoformat(people.org.today)
    starts_by = (today + timedelta(days=people.asked.days_before_start)).isoformat()
    left_from = (today - timedelta(days=people.asked.days_after_end)).isoformat()
    starts, ended = (str(person.get(name) or "")[:10] for name in ("startDateOrg", "endDateOrg"))
    if "" < ended < today.isoformat():  # a leaver, whatever start is announced
        return ended if left_from <= ended else None
    return starts if today.isoformat() < starts <= starts_by else None
