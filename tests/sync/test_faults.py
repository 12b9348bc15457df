"""Every fault at every place: a temporary one is survived, a lasting one fails the source.

There is nothing in between: a source that was read delivers exactly what it delivers without a
fault.
"""

from __future__ import annotations

import os

import pytest

from tests.sandbox.server import Response
from tests.support import faults
from tests.support.faults import POSITIONS, WITHOUT_TOKEN_ENDPOINT, fault, status
from tests.support.faults import good_days as good_days
from tests.support.faults import read as read
from tests.support.faults import served as served

SOURCES = ("charthop", "haloitsm", "okta", "pingone")
EVERY_SOURCE = bool(os.environ.get("EVERY_CELL"))  # otherwise they take turns


def cells(kinds: list[str], sparse: tuple[str, ...] = ()) -> list[tuple[str, str, str]]:
    """Return kind, source and position; for rare kinds only every second position.

    Some sources have no token endpoint.
    """
    found = []
    for row, kind in enumerate(kinds):
        for column, position in enumerate(POSITIONS):
            fixed = WITHOUT_TOKEN_ENDPOINT if position == "token" else ()
            sources = [source for source in SOURCES if source not in fixed]
            turn = sources[(row + column) % len(sources)]
            if EVERY_SOURCE:
                found += [(kind, source, position) for source in sources]
            elif kind not in sparse or (row + column) % 2 == 0:
                found.append((kind, turn, position))
    return found


def test_on_a_good_day_everything_is_read(read):
    """Without faults everything is read."""
    company = read.sandbox.company
    org, halo, tenant = company.charthop, company.haloitsm, company.pingone
    okta = company.okta
    taken = {source: read.good_day(source) for source in SOURCES}

    assert set(org.persons) == set(taken["charthop"]["persons"])
    assert set(org.groups) == set(taken["charthop"]["groups"])
    assert {key: set(org.group_ids(key)) for key in org.persons} == {
        key: set(row.get("groupIds", [])) for key, row in taken["charthop"]["person_groups"].items()
    }
    assert {str(key) for key in halo.agents if key != 1} <= set(taken["haloitsm"]["agents"])
    assert {str(key) for key in halo.teams} == set(taken["haloitsm"]["team_details"])
    assert set(halo.roles) == set(taken["haloitsm"]["roles"])
    assert set(okta.users) == set(taken["okta"]["users"])
    assert set(okta.groups) == set(taken["okta"]["groups"])
    assert {key: sorted(okta.members_of(key)) for key in okta.groups if key != okta.everyone} == {
        key: row["members"] for key, row in taken["okta"]["group_members"].items()
    }
    assert set(tenant.users) == set(taken["pingone"]["users"])
    assert set(tenant.groups) == set(taken["pingone"]["groups"])
    assert set(tenant.populations) == set(taken["pingone"]["populations"])


# ---- temporary faults

PASSING = {
    "429": (status(429), 2),
    "429, wait 0": (status(429, retry_after="0"), 1),
    "429, wait for a while": (status(429, retry_after="0.01"), 5),
    "429, a past date": (status(429, retry_after="Mon, 01 Jan 2001 00:00:00 GMT"), 1),
    "408": (status(408), 1),
    "425": (status(425), 1),
    "500": (status(500, b"<html>oops</html>"), 1),
    "502": (status(502), 3),
    "503": (status(503, {"error": "busy"}), 5),
    "504": (status(504), 1),
    "202": (status(202, b""), 3),
    "hung up": (faults.hang_up, 2),
    "cut": (faults.cut, 2),
    "cut, no length": (faults.cut_unsaid, 2),
    "broken chunks": (faults.broken_chunks, 2),
    "short gzip": (faults.short_gzip, 2),
    "broken gzip": (faults.broken_gzip, 2),
    "no json": (status(200, b'{"data": NaN}'), 2),
    "silent": (faults.silent, 1),
    "dripping": (faults.dripping, 1),
    "moved": (faults.moved, 1),
    "no length": (faults.no_length, 1),
    "closed after": (faults.closed_after, 3),
    "marked": (faults.marked, 1),
}
SLOW = ("silent", "dripping")


@pytest.mark.parametrize("kind, source, position", cells([*PASSING], tuple(PASSING)))
def test_what_passes_leaves_no_trace(read, kind, source, position):
    """A temporary fault leaves no trace in the data."""
    expected = read.good_day(source)
    if kind in SLOW:
        faults.quick(read.patch, read_timeout=0.4, deadline=0.4)
    effect, times = PASSING[kind]
    if (kind, position) == ("moved", "token"):
        effect = lambda request, honest: Response(307, b"", {"location": request.path})  # noqa: E731

    taken = read(source, fault(source, position, effect, times))

    assert taken.failure is None
    assert expected == taken.rows


# ---- lasting faults

LASTING = {
    "429": (status(429), 4, 4, "429"),
    "429, come back tomorrow": (status(429, retry_after="86400"), 4, 4, "86400 s more"),
    "500": (status(500), 4, 4, "500, 8 times"),
    "503": (status(503, retry_after="0"), 4, 4, "503"),
    "hung up": (faults.hang_up, 4, 4, "cannot be reached"),
    "cut": (faults.cut, 4, 4, "cut short"),
    "cut, no length": (faults.cut_unsaid, 4, 4, "not JSON"),
    "broken chunks": (faults.broken_chunks, 4, 4, "127.0.0.1"),
    "short gzip": (faults.short_gzip, 4, 4, ""),
    "broken gzip": (faults.broken_gzip, 4, 4, "broken body"),
    "silent": (faults.silent, 4, 4, "silent"),
    "dripping": (faults.dripping, 4, 4, "silent"),
    "400": (status(400, {"error": "invalid_request"}), 4, 3, "400"),
    "401": (status(401), 3, 3, "401"),
    "403": (status(403, {"message": "Permission denied"}), 3, 3, "Permission denied"),
    "404": (status(404), 4, 3, "404"),
    "405": (status(405), 4, 3, "405"),
    "410": (status(410), 4, 3, "410"),
    "web page": (status(200, b"<!DOCTYPE html><HTML>", content_type="text/html"), 4, 3, "web page"),
    "web page as json": (status(200, b"\n<html><body>Sign in"), 4, 3, "web page"),
    "error object": (status(200, {"error": "no"}), 4, 3, ""),
    "null": (status(200, b"null"), 4, 3, ""),
    "numbers": (status(200, [1, 2]), 4, 3, ""),
    "text": (status(200, b'"ok"'), 4, 3, ""),
    "no content": (status(204), 4, 3, ""),
    "in a circle": (faults.moved, 4, 4, "circle"),
    "elsewhere": (status(302, location="http://127.0.0.1:9/x"), 4, 4, "nothing was sent"),
    "utf-16": (faults.then(lambda body: str(body).encode("utf-16")), 4, 4, "not JSON"),
    "deep": (status(200, b"[" * 200_000 + b"]" * 200_000), 4, 4, "not JSON"),
}


@pytest.mark.parametrize("kind, source, position", cells([*LASTING], tuple(LASTING)))
def test_what_lasts_ends_the_source_and_is_told(read, kind, source, position):
    """A lasting fault fails the source with its exit code and a reason."""
    if kind in SLOW:
        faults.quick(read.patch, read_timeout=0.2, deadline=0.2)
    effect, code, code_of_token, words = LASTING[kind]

    taken = read(source, fault(source, position, effect, times=10_000))

    assert (code_of_token if position == "token" else code) == taken.code
    assert taken.failure.what.startswith(f"{source}: ")
    assert words in taken.failure.why
    assert taken.failure.next


ONCE = ("404", "web page", "error object", "null", "no content")


@pytest.mark.parametrize("kind, source, position", cells([*ONCE]))
def test_one_wrong_answer_is_never_taken_for_an_empty_one(read, kind, source, position):
    """One wrong answer never counts as an empty one: everything is read, or the source fails."""
    expected = read.good_day(source)

    taken = read(source, fault(source, position, LASTING[kind][0]))

    assert taken.code in (3, 4) or expected == taken.rows


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("position", POSITIONS)
def test_a_refused_token_is_renewed_once(read, source, position):
    """A refused token is renewed once. A fixed token is not, so its refusal is final."""
    if source in WITHOUT_TOKEN_ENDPOINT and position == "token":
        pytest.skip("the source has no token endpoint")
    expected = read.good_day(source)

    taken = read(source, fault(source, position, status(401)))

    if source in WITHOUT_TOKEN_ENDPOINT or position == "token":
        assert 3 == taken.code
    else:
        assert (0, expected) == (taken.code, taken.rows)
        assert 2 == read.server(source).count("POST", "token")
