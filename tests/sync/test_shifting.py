"""Rows that come and go between two numbered pages, as HaloITSM has them."""

from __future__ import annotations

import itertools
import json

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.failures import explain
from pipelines.sources.earlier_rows import EarlierRows
from pipelines.sources.haloitsm import source
from tests.sandbox.haloitsm.server import HaloITSM as Halo
from tests.sandbox.server import Fault, Request, Response, Server
from tests.support.faults import strikes


@pytest.fixture(scope="module")
def yesterday(tmp_path_factory: pytest.TempPathFactory) -> EarlierRows:
    """Return a warehouse that knows the agents 10 to 19."""
    path = tmp_path_factory.mktemp("yesterday") / "access.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("create schema raw_haloitsm")
        connection.execute(
            "create table raw_haloitsm.agents as select id::varchar as id,"
            " json_object('id', id) as payload from range(10, 20) as agents(id)"
        )
    return EarlierRows(path, "haloitsm")


def agents_of(server: Server, earlier: EarlierRows) -> set[str]:
    """Return the agents as a sync reads them, three a page."""
    given = source(
        base_url=server.url,
        client_id="halo-client",
        client_secret="halo-secret",
        page_size=3,
        requests_per_second=0,
        earlier=earlier,
    )
    return {key for table in given.resources["agents"] for key in table["id"].to_pylist()}


EDITS = st.lists(
    st.tuples(st.integers(1, 12), st.sampled_from(["delete", "insert", "both"]), st.integers(0, 9)),
    max_size=4,
)


@settings(max_examples=60, deadline=None, derandomize=True, database=None)
@given(edits=EDITS, shuffled=st.booleans())
def test_nobody_who_was_there_all_the_time_is_missed(yesterday, edits, shuffled):
    """An agent who exists all the time is never missed, unless the read fails.

    Others are deleted and created between pages, in a stable order or not.
    """
    halo = Halo()
    halo.agents = {key: {"id": key, "name": f"Agent {key}"} for key in range(10, 20)}
    ever, always = {str(key) for key in halo.agents}, {str(key) for key in halo.agents}
    created, answers = itertools.count(100), itertools.count(1)

    def edit(request: Request, honest: Response) -> Response:
        number = next(answers)
        for _, kind, index in (edit for edit in edits if edit[0] == number):
            if kind != "insert" and halo.agents:
                key = sorted(halo.agents)[index % len(halo.agents)]
                always.discard(str(key))
                del halo.agents[key]
            if kind != "delete":
                key = next(created)
                halo.agents[key] = {"id": key, "name": f"Agent {key}"}
                ever.add(str(key))
        body = json.loads(honest.encoded())
        if shuffled and number % 2:
            body["results"].reverse()
        return Response(200, body)

    with Server(halo) as server:
        server.faults = [Fault(strikes("haloitsm", "first"), edit, times=1000)]
        try:
            found = agents_of(server, yesterday)
        except Exception as error:
            assert explain(error), error
            return

    assert always <= found <= ever


def test_one_gone_and_one_new_between_two_pages_hide_nobody(yesterday):
    """One agent gone and one new between two pages hide nobody.

    The count stays the same, and agent 13 moves from page two to page one.
    """
    halo = Halo()
    halo.agents = {key: {"id": key, "name": f"Agent {key}"} for key in range(10, 20)}

    def swap(request: Request, honest: Response) -> Response:
        del halo.agents[10]
        halo.agents[99] = {"id": 99, "name": "New"}
        return honest

    with Server(halo) as server:
        swapped = Fault(strikes("haloitsm", "first"), swap)
        server.faults = [swapped]
        found = agents_of(server, yesterday)

    assert 1 == swapped.fired
    assert {*map(str, range(11, 20)), "99"} == found - {"10"}
