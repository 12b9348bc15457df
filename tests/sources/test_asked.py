"""What push rules ask of the HR system comes besides, and never at the cost of the rest."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from pipelines.failures import Unreadable
from pipelines.http.policy import Counters
from pipelines.sources import registry
from pipelines.sources.asked import Asked
from pipelines.sources.raw_rows import parse_rows, row_ids
from tests.sandbox.company.parts import charthop_id
from tests.sandbox.server import Fault, Response
from tests.support.faults import quick

ADA = charthop_id("person", 4)
FINANCE = {charthop_id("person", number) for number in (3, 8, 27, 30)}


@dataclass
class Answer:
    """The raw rows by table and id, and what was told."""

    rows: dict[str, dict[str, dict[str, Any]]]
    counters: Counters

    @property
    def warnings(self) -> str:
        return "\n".join(self.counters.warnings)


@pytest.fixture
def read(rollcall, monkeypatch) -> Callable[..., Answer]:
    """Return a function that reads the persons, with what is asked for besides."""
    quick(monkeypatch)
    rollcall.sandbox.company.charthop.custom_fields |= {"costCenter", "badge"}
    rollcall.sandbox.company.charthop.persons[ADA]["fields"] = {"costCenter": "CC-7", "badge": 7}
    for name, value in rollcall.environment.items():
        monkeypatch.setenv(name, value)

    def reading(
        *fields: str, queries: tuple[str, ...] = (), before: int = 0, after: int = 0
    ) -> Answer:
        counters = Counters()
        asked = Asked(fields, queries, days_before_start=before, days_after_end=after)
        source = registry.connect_source("charthop", counters, asked=asked)
        rows = {}
        for name in ("persons", "asked_fields", "queries", "first_and_last_days"):
            tables = list(source.resources[name])
            rows[name] = dict(zip(row_ids(tables), parse_rows(tables), strict=True))
        return Answer(rows, counters)

    return reading


def charthop(rollcall):
    return rollcall.sandbox.company.charthop


def has_all(answer: Answer) -> bool:
    """Return whether Ada's row has what every sync needs."""
    ada = answer.rows["persons"][ADA]
    return {"groupIds", "title", "department.name", "name.last"} <= {*ada}


def test_asked_fields_come_in_the_same_list(rollcall, read):
    """A field that a rule asks for costs no request, and stands in the person's row."""
    without = read().counters.requests

    answer = read("costCenter", "team.name", "title")

    ada = answer.rows["persons"][ADA]
    assert ("CC-7", "Bergen") == (ada["costCenter"], ada["location.name"])
    assert without == answer.counters.requests
    assert {"costCenter": False, "team.name": False, "title": False} == {
        name: row["isRefused"] for name, row in answer.rows["asked_fields"].items()
    }


def test_new_hires_and_leavers_have_the_seat_of_their_day(rollcall, read):
    """Who is not employed today is read as on the first or last day, if rules are about them.

    Without such rules, and for days that they are not about, nothing is asked.
    """
    org = charthop(rollcall)
    day = org.today
    [hire] = org.persons[charthop_id("person", 6)]["hires"]
    hire["startDate"] = (day + timedelta(days=5)).isoformat()
    [gone] = org.persons[charthop_id("person", 2)]["hires"]
    gone["endDate"] = (day - timedelta(days=3)).isoformat()
    org.touch()
    without = read("costCenter")

    answer = read("costCenter", before=7, after=3)

    rows = answer.rows["first_and_last_days"]
    assert {charthop_id("person", 6): "Engineering", charthop_id("person", 2): "Finance"} == {
        key: row["department.name"] for key, row in rows.items()
    }
    assert {"Engineer", "Accountant"} == {row["title"] for row in rows.values()}
    assert without.counters.requests + 2 == answer.counters.requests
    assert {} == without.rows["first_and_last_days"]
    assert {} == read(before=4, after=2).rows["first_and_last_days"]


def test_a_refused_field_is_told_and_takes_nothing_with_it(rollcall, read):
    """The catalogue names the field that the tenant refuses; the others come, `groupIds` too."""
    charthop(rollcall).switches.unknown_field = "400"

    answer = read("costCenter", "costCentre")

    assert "the tenant refuses costCentre" in answer.warnings
    assert "costCenter" not in answer.warnings
    ada = answer.rows["persons"][ADA]
    assert has_all(answer) and ("CC-7", "Bergen") == (ada["costCenter"], ada["location.name"])
    assert {"costCenter": False, "costCentre": True} == {
        name: row["isRefused"] for name, row in answer.rows["asked_fields"].items()
    }
    assert 1 == rollcall.sandbox.charthop.count("GET", "/field")


@pytest.mark.parametrize(
    ("forbidden", "more"),
    [(set(), ()), ({"field"}, ()), (set(), ("badge2",))],
    ids=["hidden", "no catalogue", "hidden and unknown"],
)
def test_an_unexplained_refusal_takes_nothing_with_it(rollcall, read, forbidden, more):
    """Where the catalogue does not tell which field is refused, all asked fields are refused."""
    switches = charthop(rollcall).switches
    switches.unknown_field, switches.unreadable_fields = "400", {"badge"}
    switches.forbidden = forbidden

    answer = read("costCenter", "badge", *more)

    refused = ", ".join(["badge", *more, "costCenter", "location.name"])
    assert f"the tenant refuses {refused}" in answer.warnings
    assert has_all(answer) and "costCenter" not in answer.rows["persons"][ADA]
    assert all(row["isRefused"] for row in answer.rows["asked_fields"].values())


def test_a_location_that_is_refused_is_told(rollcall, read):
    """A tenant without locations loses nothing else."""
    switches = charthop(rollcall).switches
    switches.unknown_field, switches.unreadable_fields = "400", {"location.name"}

    answer = read()

    assert "the tenant refuses location.name" in answer.warnings and has_all(answer)


def test_an_asked_field_that_nobody_has_is_told(rollcall, read):
    """A field that is left out of every row may be hidden from the token."""
    charthop(rollcall).switches.unreadable_fields = {"costCenter"}

    answer = read("costCenter", "badge")

    assert "asks for costCenter, and no person has a value" in answer.warnings
    assert "badge" not in answer.warnings


def test_charthop_itself_answers_queries(rollcall, read):
    """A query is one request to ChartHop, word for word, and one row with the ids it gave."""
    queries = ("department:finance", "title:nobody")
    without = read().counters.requests

    answer = read(queries=queries)

    rows = answer.rows["queries"]
    assert FINANCE == {*rows["department:finance"]["ids"]}
    assert [] == rows["title:nobody"]["ids"] and not rows["title:nobody"]["isRefused"]
    assert without + 2 == answer.counters.requests
    asked = [query for _, _, query, _ in rollcall.sandbox.charthop.log if "q" in query]
    assert [*queries] == [query["q"] for query in asked]
    assert {("id", "true", "1000")} == {
        (query["fields"], query["includeAll"], query["limit"]) for query in asked
    }


def test_the_answer_to_a_query_is_read_page_by_page(rollcall, read):
    """A query that finds more than a page finds them all."""
    charthop(rollcall).switches.limit_cap = 3

    assert FINANCE == {*read(queries=("department:finance",)).rows["queries"].popitem()[1]["ids"]}


def test_a_refused_query_is_no_empty_answer(rollcall, read):
    """A query that ChartHop refuses is told with ChartHop's message, and the others are answered.

    It is asked once: the size of a page that the persons came in is not to blame.
    """
    answer = read(queries=("departmnt:finance", "department:finance"))

    rows = answer.rows["queries"]
    why = "invalid query: unknown field departmnt"
    assert (True, why) == (
        rows["departmnt:finance"]["isRefused"],
        rows["departmnt:finance"]["refusedBecause"],
    )
    assert f"refuses the query departmnt:finance of a push rule: {why}" in answer.warnings
    assert FINANCE == {*rows["department:finance"]["ids"]}
    assert 1 == sum(
        query.get("q") == "departmnt:finance" for _, _, query, _ in rollcall.sandbox.charthop.log
    )


def test_a_query_that_cannot_be_read_is_no_empty_answer(rollcall, read):
    """While ChartHop fails to answer a query, the whole source is incomplete."""
    rollcall.sandbox.charthop.faults = [
        Fault(lambda request: "q" in request.query, lambda *_: Response(503), times=99)
    ]

    with pytest.raises(Exception) as failed:
        read(queries=("department:finance",))

    causes = [failed.value, failed.value.__cause__, failed.value.__context__]
    assert any(isinstance(cause, Unreadable) for cause in causes)
