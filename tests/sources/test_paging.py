"""A list is read once to its end, whatever its pages say, or the source fails.

There are two ways of paging: ChartHop and PingOne link to the next page. HaloITSM counts pages,
while rows may come and go.
"""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest

from tests.sandbox.server import Fault, Request, Response
from tests.support import faults
from tests.support.faults import fault, link, status, strikes, then
from tests.support.faults import good_days as good_days
from tests.support.faults import read as read
from tests.support.faults import read_own as read_own
from tests.support.faults import served as served

SOURCES = ("charthop", "haloitsm", "okta", "pingone")
LONGEST = {"charthop": "persons", "haloitsm": "agents", "okta": "users", "pingone": "users"}


def pages_of(source: str, effect: faults.Effect, times: int = 10_000, after: int = 0) -> Fault:
    """Return a fault on pages of the longest list."""
    return Fault(strikes(source, "first"), effect, times=times, after=after)


# ---- calls


def test_the_calls_behind_a_list_are_noted(read):
    """Each list has its endpoint and parameters once, whatever its pages and objects, and no more
    than that: no cursor, no id and no credential."""
    taken = read("pingone").calls
    base = f"/v1/environments/{read.sandbox.company.pingone.environment_id}"
    filtered = '{"filter": "memberOfGroups[id eq \\"{id}\\" and type eq \\"DIRECT\\"]", "limit": '

    [users] = taken["users"]
    assert (f"GET {base}/users", True) == (users[0], users[1].startswith('{"limit": '))
    [assigned] = taken["group_role_assignments"]
    assert (f"GET {base}/groups/{{id}}/roleAssignments", "{}") == assigned
    [nested] = taken["group_nestings"]
    assert (f"GET {base}/groups", True) == (nested[0], nested[1].startswith(filtered))


# ---- links


def asked(request: Request) -> str:
    query = "&".join(f"{name}={value}" for name, value in request.query.items())
    return f"{request.base_url}{request.path}?{query}"


@pytest.mark.parametrize("source", ["charthop", "pingone"])
def test_a_page_that_leads_to_itself_ends_the_list_at_once(read, source):
    """A page that links to itself fails the source at once."""
    itself = asked if source == "pingone" else lambda request: request.query.get("from", "")

    circle = pages_of(source, link(itself), after=1)
    taken = read(source, circle)

    assert (4, True) == (taken.code, "circle" in taken.failure.why)
    assert circle.seen <= 3


@pytest.mark.parametrize("source", ["charthop", "pingone"])
def test_two_pages_that_lead_to_each_other_end_the_list(read, source):
    """Two pages that link to each other fail the source."""
    seen: list[str] = []

    def back(request: Request) -> str:
        seen.append(asked(request) if source == "pingone" else request.query.get("from", ""))
        return seen[-2] if len(seen) > 1 else seen[-1]

    circle = pages_of(source, link(back), after=1)
    taken = read(source, circle)

    assert (4, True) == (taken.code, "circle" in taken.failure.why)
    assert circle.seen <= 5


@pytest.mark.parametrize("source", ["charthop", "pingone"])
@pytest.mark.parametrize("rows", ["the same", "none"])
def test_links_that_are_always_new_come_to_an_end(read, source, rows):
    """A list whose links are always new, without new rows, fails the source."""
    numbers = itertools.count()
    first: list[Any] = []

    def endless(request: Request, honest: Response) -> Response:
        first.append(json.loads(honest.encoded()))
        body = json.loads(json.dumps(first[0]))
        found = body["_embedded"]["users"] if source == "pingone" else body["data"]
        if rows == "none":
            found.clear()
        if source == "pingone":
            body["_links"]["next"] = {"href": f"{request.path}?limit={next(numbers) + 1}"}
        else:
            body["next"] = f"{next(numbers):024x}"
        return Response(200, body)

    pages = pages_of(source, endless)
    taken = read(source, pages)

    assert (4, True) == (taken.code, "circle" in taken.failure.why)
    assert pages.seen < 60


def test_a_list_without_end_comes_to_one(read, monkeypatch):
    """An endless list fails the source at the limit of pages."""
    monkeypatch.setattr("pipelines.sources.reading.MAX_PAGES", 20)
    numbers = itertools.count()

    def endless(request: Request, _: Response | None) -> Response:
        rows = [{"id": f"user {next(numbers)}"}]
        more = {"next": {"href": f"{request.path}?limit={next(numbers) + 1}"}}
        return Response(200, {"_embedded": {"users": rows}, "_links": more})

    pages = pages_of("pingone", endless)
    taken = read("pingone", pages)

    assert (4, True) == (taken.code, "more than 20 pages" in taken.failure.why)
    assert 21 == pages.seen


@pytest.mark.parametrize("next_page", [7, {"a": 1}, ["x"], True])
def test_a_link_that_is_none_ends_the_list(read, next_page):
    """A next link that is not text fails the source."""
    taken = read("pingone", pages_of("pingone", link(lambda _: next_page)))

    assert 4 == taken.code


# ---- pages without rows


@pytest.mark.parametrize("source", ["charthop", "pingone"])
@pytest.mark.parametrize("index", range(3))
def test_an_empty_page_that_promises_more_is_passed(read, source, index):
    """An empty page with a next link is passed, and the linked page is read."""
    expected = read.good_day(source)
    itself = asked if source == "pingone" else lambda request: request.query.get("from", "0" * 24)

    def empty(request: Request, honest: Response) -> Response:
        page = link(itself)(request, honest)
        (page.body["_embedded"]["users"] if source == "pingone" else page.body["data"]).clear()
        return page

    assert expected == read(source, pages_of(source, empty, 1, index)).rows


@pytest.mark.parametrize("index", range(3))
@pytest.mark.parametrize("times", [1, 10_000], ids=["once", "always"])
def test_an_agent_list_that_ends_early_is_short_of_its_count(read, index, times):
    """An agent list with an empty page is read again, and fails if it stays below its count."""
    expected = read.good_day("haloitsm")
    nothing = then(lambda body: body | {"results": []})

    taken = read("haloitsm", pages_of("haloitsm", nothing, times, index))

    assert (0, expected) == (taken.code, taken.rows) if times == 1 else 4 == taken.code


@pytest.mark.parametrize("index", range(2))
def test_a_user_list_that_ends_early_once_is_read_again(read, index):
    """A user list that ends early once is read again."""
    expected = read.good_day("pingone")

    def last(body: dict[str, Any]) -> dict[str, Any]:
        return body | {"_embedded": {"users": []}, "_links": {}}

    assert expected == read("pingone", pages_of("pingone", then(last), 1, index)).rows


# ---- declared counts


@pytest.mark.parametrize(
    "count, code",
    [
        (lambda n: n + 5, 4),
        (lambda n: n - 3, 4),
        (lambda n: n - 5, 4),
        (lambda n: 0, 4),
        (lambda n: str(n), 0),
        (lambda n: None, 0),
        (lambda n: float(n), 0),
        (None, 0),
    ],
    ids=["too big", "too small", "a page too small", "none", "text", "null", "float", "missing"],
)
def test_agents_are_counted_where_a_count_is_given(read, count, code):
    """Agents are compared with the declared count; a missing count fails nothing."""
    expected = read.good_day("haloitsm")

    def wrong(body: dict[str, Any]) -> dict[str, Any]:
        told = body.pop("record_count")
        return body | ({"record_count": count(told)} if count else {})

    taken = read("haloitsm", pages_of("haloitsm", then(wrong)), again=True)

    assert code == taken.code
    assert code or expected == taken.rows


@pytest.mark.parametrize("count", [0, 1, 10**6, "9", None, -1, 9.0, [9]], ids=str)
def test_users_end_with_the_links_whatever_the_count(read, count):
    """The links decide where users end; a wrong count only warns."""
    expected = read.good_day("pingone")

    taken = read("pingone", pages_of("pingone", then(lambda body: body | {"count": count})))

    assert (0, expected) == (taken.code, taken.rows)
    assert (count == 10**6) == any("declared" in warning for warning in taken.warnings)


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize(
    "size",
    [lambda n: 1, lambda n: n - 1, lambda n: n, lambda n: n + 1],
    ids=["1", "n-1", "n", "n+1"],
)
def test_any_page_size_gives_the_same(read, source, size):
    """Every page size gives the same rows."""
    expected = read.good_day(source)
    rows = len(expected[LONGEST[source]])
    read.set(source, "page_size", size(rows))

    assert expected == read(source).rows


@pytest.mark.parametrize("source", ["charthop", "haloitsm", "pingone"])
def test_an_empty_tenant_is_one(read_own, source):
    """An empty tenant is read as empty."""
    company = read_own.sandbox.company
    company.charthop.persons, company.pingone.users, company.haloitsm.agents = {}, {}, {}
    company.pingone.assignments, company.pingone.members = {}, set()

    taken = read_own(source)

    assert (0, {}) == (taken.code, taken.rows.get(LONGEST[source], {}))


# ---- lists of HaloITSM with numbered pages

HALF_TOLD = {
    "count of the page": {"record_count_of_page": True},
    "bare array as long as the page": {"bare_pages": True},
    "a smaller page than asked for": {"page_cap": 4, "record_count_of_page": True},
    "a smaller bare array": {"page_cap": 4, "bare_pages": True},
}


@pytest.mark.parametrize("bare", [True, False], ids=["bare", "counted by page"])
def test_teams_that_come_in_pages_are_read_whole(read_own, bare):
    """Teams and roles that a build always pages are read to their end."""
    halo = read_own.sandbox.company.haloitsm
    halo.switches.lookups_paged = halo.switches.record_count_of_page = True
    halo.switches.bare_pages = bare
    known = max(halo.teams)
    for number in range(known + 1, known + 101):
        halo.teams[number] = halo.teams[known] | {"id": number, "name": f"Team {number}"}

    taken = read_own("haloitsm")

    assert 0 == taken.code, taken.failure
    assert {str(key) for key in halo.teams} == taken.rows["teams"].keys()


def test_pages_of_text_ids_are_told_apart(read):
    """Agents whose ids come as text are read to the end of their pages."""
    expected = read.good_day("haloitsm")
    read.set("haloitsm", "page_size", 5)

    def as_text(body: dict[str, Any]) -> dict[str, Any]:
        [name] = (name for name, value in body.items() if isinstance(value, list))
        return body | {name: [row | {"id": str(row["id"])} for row in body[name]]}

    taken = read("haloitsm", pages_of("haloitsm", then(as_text)))

    assert 0 == taken.code, taken.failure
    assert expected["agents"].keys() == taken.rows["agents"].keys()


PAST_THE_END = ("empty", "last", "404")


@pytest.mark.parametrize("switches", HALF_TOLD.values(), ids=HALF_TOLD.keys())
def test_a_total_of_the_page_ends_no_list(read_own, switches):
    """A total or a length that matches the first page hides no agent on the next page."""
    halo = read_own.sandbox.company.haloitsm
    for name, value in switches.items():
        setattr(halo.switches, name, value)

    taken = read_own("haloitsm")

    assert 0 == taken.code, taken.failure
    assert {str(key) for key in halo.agents if key != 1} == taken.rows["agents"].keys()


@pytest.mark.parametrize("past", PAST_THE_END)
@pytest.mark.parametrize("build", ["new", "bare pages", "old"])
@pytest.mark.parametrize("size", [5, 15])
def test_one_page_more_settles_a_list(read_own, past, build, size):
    """A list is read whole, whatever a build answers beyond the last page."""
    halo = read_own.sandbox.company.haloitsm
    halo.switches.past_the_end = past
    halo.switches.build = "old" if build == "old" else "new"
    halo.switches.bare_pages = build == "bare pages"
    read_own.set("haloitsm", "page_size", size)

    taken = read_own("haloitsm")

    if build == "bare pages" and past == "404":  # nothing says that the last page was the last
        assert 4 == taken.code
    else:
        assert 0 == taken.code, taken.failure
        assert {str(key) for key in halo.agents if key != 1} == taken.rows["agents"].keys()


@pytest.mark.parametrize("count", [True, False], ids=["counted", "without a count"])
def test_rows_that_come_twice_end_no_list(read, count):
    """A page that repeats known agents does not end the list."""
    expected = read.good_day("haloitsm")
    pages: list[dict[str, Any]] = []

    def again(request: Request, honest: Response) -> Response:
        """Repeat page one as page two, and move the later pages by one number."""
        pages.append(json.loads(honest.encoded()))
        body = pages[-1]
        if request.query["page_no"] == "2":
            body = pages[0] | {"results": pages[0]["results"][::-1]}
        elif request.query["page_no"] != "1":
            body = pages[-2]
        return Response(200, body if count else {"results": body["results"]})

    taken = read("haloitsm", pages_of("haloitsm", again))

    assert (0, expected) == (taken.code, taken.rows), taken.failure


# ---- expired cursors, deleted rows


@pytest.mark.parametrize("code", [400, 410])
@pytest.mark.parametrize("source", ["charthop", "pingone"])
def test_a_list_whose_cursor_expired_is_begun_again_once(read, source, code):
    """A list whose cursor expired is read once more from the start, then fails."""
    expected = read.good_day(source)
    expired = status(code, {"error": "expired"})

    assert expected == read(source, pages_of(source, expired, 1, 1)).rows
    assert (
        4
        == read(
            source, Fault(lambda r: "cursor" in r.query or "from" in r.query, expired, times=10_000)
        ).code
    )


CHILD = {
    "charthop": lambda company: company.charthop.persons,
    "haloitsm": lambda company: company.haloitsm.teams,
    "okta": lambda company: company.okta.groups,
    "pingone": lambda company: company.pingone.users,
}


@pytest.mark.parametrize("source", SOURCES)
def test_what_was_deleted_meanwhile_has_nothing_and_is_told(read_own, source):
    """A row deleted during the read has no children, and is reported."""
    gone: list[str] = []

    def delete(request: Request, honest: Response) -> Response:
        """Delete the thing of this call just before the call is answered."""
        known = CHILD[source](read_own.sandbox.company)
        key = next(part for part in request.path.split("/") if part in {str(key) for key in known})
        gone.append(key)
        del known[next(known_key for known_key in known if str(known_key) == key)]
        read_own.sandbox.company.touch()
        return Response(404, faults.GONE.get(source, b""))

    taken = read_own(source, fault(source, "child", delete))

    assert 0 == taken.code
    assert any(gone[0] in warning and "deleted" in warning for warning in taken.warnings)


@pytest.mark.parametrize("source", SOURCES)
def test_a_404_for_what_is_there_fails_and_names_it(read, source):
    """A 404 for an object that is listed fails the source, and the failure names the call."""
    lost: list[str] = []

    def missing(request: Request, honest: Response) -> Response:
        lost.append(request.path)
        return Response(404, faults.GONE.get(source, b""))

    taken = read(source, fault(source, "child", missing))

    assert 4 == taken.code
    key = next(part for part in lost[0].split("/")[::-1] if part[-1].isdigit())
    assert key in f"{taken.failure.what} {taken.failure.why}"
