"""ChartHop's query parameters: which rows, on which day, and how many.

`q` is a query in Carrot.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable
from datetime import date
from operator import itemgetter
from typing import TYPE_CHECKING

from tests.sandbox.charthop import carrot
from tests.sandbox.charthop.switches import Refused, Switches

if TYPE_CHECKING:
    from tests.sandbox.charthop.rows import Day
    from tests.sandbox.charthop.server import ChartHop

FORMS = ("json", "json-extended", "json-readable", "minimal")


def refuse(message: str) -> Refused:
    return Refused(400, message)


def day(text: str | None) -> date | None:
    """Parse a `date` parameter."""
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise refuse(f"invalid date: {text}") from None


def flag(query: dict[str, str], name: str) -> bool:
    """Parse a boolean parameter: the words true and false."""
    value = query.get(name, "false")
    if value not in ("true", "false"):
        raise refuse(f"{name}: {value}")
    return value == "true"


def limit(query: dict[str, str], cap: int, switches: Switches) -> int:
    """Return the number of rows of a page. Above the cap: fewer than requested, or a refusal."""
    text = query.get("limit", str(switches.page_default))
    if not text.isdecimal() or int(text) < 1:
        raise refuse(f"invalid limit: {text}")
    if int(text) > cap and switches.over_limit == "400":
        raise refuse(f"limit may be at most {cap}")
    return min(int(text), cap)


def form(query: dict[str, str]) -> str:
    value = query.get("format", "json")
    if value not in FORMS:
        raise refuse(f"format: {value}")
    return value


def position(ids: list[str], start: str, inclusive: bool) -> int:
    """Return where a page begins: at an id, or after it. The id itself may no longer exist."""
    if not start:
        return 0
    return bisect_left(ids, start) if inclusive else bisect_right(ids, start)


def in_order(rows: list[dict], sort: str, show: Callable[[dict], dict]) -> list[dict]:
    """Sort rows by id, or by the named fields. A minus reverses the order of a field."""
    rows = sorted(rows, key=lambda row: row["id"])
    for name in reversed([name for name in sort.split(",") if name]):
        by = [(str(show(row).get(name.lstrip("-"), "")), row) for row in rows]
        by.sort(key=itemgetter(0), reverse=name[0] == "-")
        rows = [row for _, row in by]
    return rows


def _ids(query: dict[str, str]) -> set[str] | None:
    return set(query["ids"].split(",")) if query.get("ids") else None


def _matches(day_: Day, row: dict, job: dict | None, query: carrot.Query) -> bool:
    """Return whether a person (or a job, without a person) matches a query."""

    def test(name: str, sign: str, values: list[str]) -> bool:
        if name == "open":
            return (job is not None and job["id"] in day_.holders) == (values == ["filled"])
        if name == "is":
            bosses = {other.get("managerJobId") for other in day_.org.jobs.values()}
            return job is not None and job["id"] in bosses
        if not day_.org.is_known(name) and name != "personId":
            raise refuse(f"invalid query: unknown field {name}")
        if "hires" in row:
            found = day_.person(row, [name], "json").get(name)
            if isinstance(found, dict):
                found = found.get("name")
        else:
            found = day_.job(row, [name]).get(name)
        return carrot.compare(found, sign, values)

    return query(test)


def _query(query: dict[str, str]) -> carrot.Query:
    return carrot.parse(query.get("q", "").strip())


def persons(org: ChartHop, on: Day, query: dict[str, str]) -> Callable[[], list[dict]]:
    """Return the persons of a list: those employed on the day, unless the query asks for all."""
    everyone, ids, matches = flag(query, "includeAll"), _ids(query), _query(query)
    if query.get("q") and not org.switches.query_sees_all:
        everyone = False
    start, end = day(query.get("startDate")), day(query.get("endDate"))
    window = (start and start.isoformat(), end and end.isoformat())

    def keep(person: dict) -> bool:
        if not everyone and not on.employed(person, *window):
            return False
        if ids is not None and person["id"] not in ids:
            return False
        job_id = on.job_id(person)
        return _matches(on, person, org.jobs[job_id] if job_id else None, matches)

    return lambda: [person for person in org.persons.values() if keep(person)]


def jobs(org: ChartHop, on: Day, query: dict[str, str]) -> Callable[[], list[dict]]:
    """Return the jobs of a list: filled and open seats that exist on the day."""
    ids, matches = _ids(query), _query(query)

    def keep(job: dict) -> bool:
        if not (job.get("createDate") or "") <= on.on <= (job.get("endDate") or "9999"):
            return False
        return (ids is None or job["id"] in ids) and _matches(on, job, job, matches)

    return lambda: [job for job in org.jobs.values() if keep(job)]


def groups(org: ChartHop, on: Day, query: dict[str, str]) -> Callable[[], list[dict]]:
    """Return the groups of a list: those that exist on the day, unless the query asks otherwise."""
    show = "ALL" if flag(query, "includeAll") else query.get("timeFilter", "CURRENT")
    fits = {
        "ALL": lambda group: True,
        "CURRENT": on.exists,
        "ARCHIVED": on.archived,
        "FUTURE": on.future,
    }.get(show)
    if fits is None:
        raise refuse(f"timeFilter: {show}")
    ids, kind, text = _ids(query), query.get("type", ""), query.get("search", "").lower()

    def keep(group: dict) -> bool:
        if not fits(group) or (ids is not None and group["id"] not in ids):
            return False
        of_type = org.group_types[group["typeId"]]
        names = (of_type["id"], of_type["name"].lower(), of_type["fieldName"].lower())
        if kind and kind not in names and kind.lower() not in names:
            return False
        return text in f"{group.get('code', '')} {group['name']}".lower()

    return lambda: [group for group in org.groups.values() if keep(group)]
