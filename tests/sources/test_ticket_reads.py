"""Tickets are read back; a ticket that cannot be read never counts as closed."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import duckdb
import pytest
from dlt.extract.exceptions import ResourceExtractionError

from pipelines.http.policy import Counters
from pipelines.sources import registry, write_access
from pipelines.sources.earlier_rows import EarlierRows
from pipelines.sources.raw_rows import parse_rows, wrap_rows
from pipelines.sources.writer import Change
from pipelines.sql import create_tables
from pipelines.warehouse import change_tables
from tests.sandbox.server import Fault
from tests.support.faults import status
from tests.support.product import Rollcall


class Reader:
    """The tickets that one sync reads, and its number of requests."""

    def __init__(self, rollcall: Rollcall) -> None:
        self.rollcall, self.file = rollcall, rollcall.home / "candidate.duckdb"
        self.requests, self.warnings = 0, []
        with duckdb.connect(str(self.file)) as connection:
            create_tables(connection, [change_tables.APPLIED])
            connection.execute("create schema raw_haloitsm")

    def opened(self, *summaries: str) -> list[int]:
        """Open tickets with Rollcall's marks, on the desk and in the warehouse."""
        desk = self.rollcall.sandbox.company.haloitsm.desk
        made = [desk.upsert({"summary": text, "details": "please"})["id"] for text in summaries]
        with duckdb.connect(str(self.file)) as connection:
            for key in made:
                connection.execute(
                    "insert into applied_changes by name select 'p' as plan_digest, ? as change_id,"
                    " 'open_ticket' as action, 'app' as source_name, 'decision' as reason_kind,"
                    " 'q4/i1' as reason_id, 'ticketed' as outcome, now() as known_at,"
                    " ? as ticket_id",
                    [f"c{key}", f"haloitsm:ticket:{key}"],
                )
        return made

    def read(self, patch: pytest.MonkeyPatch, **more: str) -> list[dict[str, Any]]:
        for name, value in (self.rollcall.environment | more).items():
            patch.setenv(name, value)
        counters = Counters()
        source = registry.connect_source("haloitsm", counters, EarlierRows(self.file, "haloitsm"))
        tables = list(source.resources["tickets"])
        self.requests, self.warnings = counters.requests, counters.warnings
        rows = [{**row} for row in parse_rows(tables)]
        keys = [key for table in tables for key in table["id"].to_pylist()]
        held = wrap_rows(zip(keys, rows, strict=True))
        with duckdb.connect(str(self.file)) as connection:
            connection.register("held", held)
            connection.execute("create or replace table raw_haloitsm.tickets as from held")
        assert len(rows) == counters.rows_read["tickets"]
        return rows


@pytest.fixture
def reader(rollcall) -> Reader:
    return Reader(rollcall)


def test_without_a_ticket_of_ours_nothing_is_asked(reader, monkeypatch):
    """Without a ticket of Rollcall's no request is made."""
    reader.rollcall.sandbox.company.haloitsm.desk.upsert({"summary": "Printer", "details": "x"})

    assert ([], 0) == (reader.read(monkeypatch), reader.requests)


def test_tickets_tell_their_status_and_their_last_note(reader, monkeypatch):
    """Tickets have their status and their last note."""
    desk = reader.rollcall.sandbox.company.haloitsm.desk
    first, second = reader.opened("[RC-1] out of Network", "[RC-2] out of Desk")
    desk.act({"ticket_id": first, "outcome": "Note", "note": "asked the team", "new_status": 24})

    rows = {row["ticket"]["id"]: row for row in reader.read(monkeypatch)}

    assert (True, "asked the team") == (rows[first]["is_closed"], rows[first]["last_note"])
    assert desk.statuses[24]["name"] == rows[first]["status"]
    assert False is rows[second]["is_closed"]


def test_what_has_not_changed_is_not_asked_again(reader, monkeypatch):
    """Unchanged tickets are not requested again."""
    reader.opened(*(f"[RC-{number}] x" for number in range(5)))
    before = reader.read(monkeypatch)
    first = reader.requests

    assert before == reader.read(monkeypatch)
    assert 5 == first - reader.requests


@pytest.mark.parametrize("is_deleted", [True, False])
def test_a_ticket_that_is_not_shown_is_not_closed(reader, monkeypatch, is_deleted):
    """A deleted or forbidden ticket does not count as closed."""
    desk = reader.rollcall.sandbox.company.haloitsm.desk
    [key] = reader.opened("[RC-1] out of Network")
    if is_deleted:
        desk.delete(str(key))
    more = {} if is_deleted else {"SOURCES__HALOITSM__SCOPE": "read:customers"}

    assert [{"ticket": None}] == reader.read(monkeypatch, **more)
    assert is_deleted != any("tickets are not read" in warning for warning in reader.warnings)


def test_a_desk_that_fails_fails_the_read(reader, monkeypatch):
    """An error of the service desk fails the read."""
    reader.opened("[RC-1] out of Network")
    fails = Fault(lambda request: "Tickets" in request.path, status(400), times=9)
    reader.rollcall.sandbox.haloitsm.faults.append(fails)

    with pytest.raises(ResourceExtractionError, match="400"):
        reader.read(monkeypatch)


@pytest.mark.parametrize("is_ignored", [False, True])
def test_reader_and_writer_agree_on_what_is_closed(reader, monkeypatch, is_ignored):
    """Reader and writer agree on which tickets are closed, also on a build without `excludeclosed`.

    A plan acts on the state that the sync read.
    """
    sandbox = reader.rollcall.sandbox
    desk = sandbox.company.haloitsm.desk
    desk.halo.switches.excludeclosed_ignored = is_ignored
    keys = reader.opened(*(f"[RC-{number}] x" for number in range(4)))
    for key, status_id in zip(keys, (21, 22, 23, 24), strict=True):
        desk.upsert({"id": key, "status_id": status_id})  # New, In Progress, Cancelled, Closed

    rows = reader.read(monkeypatch, **sandbox.write_environment())
    writer = write_access.connect_writer("haloitsm")
    seen = [writer.look(closing(key, f"RC-{number}")).state for number, key in enumerate(keys)]

    assert ["pending", "pending", "done", "done"] == seen
    assert [False, False, True, True] == [row["is_closed"] for row in rows]


def closing(key: int, reference: str) -> Change:
    expected = json.dumps({"ticket_id": f"haloitsm:ticket:{key}", "reference": reference})
    nothing = dict.fromkeys(field.name for field in dataclasses.fields(Change))
    return Change(**nothing | {"action": "close_ticket", "expected_state": expected})
