"""Okta's lists are read to their end, and compared with what Okta counts elsewhere.

No list has a total, and a narrow role gets a part of it with status 200.
"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import pytest

from pipelines.failures import Misconfigured
from pipelines.sources.okta import tenant
from tests.http.test_http import clock as clock
from tests.sandbox.server import Fault, Request, Response
from tests.support.faults import status, then
from tests.support.okta_org import ERROR, add_users, last_page, strikes
from tests.support.okta_org import org as org
from tests.support.okta_tenant import FINANCE, IMPORTED, MARA, OLD, PAYROLL

EXPIRED = status(400, {"errorCode": "E0000031", "errorCauses": []})


def has_cursor(path: str, **query: str):
    return lambda request: strikes(path, **query)(request) and "after" in request.query


def test_members_of_a_built_in_group_are_not_asked_for(org):
    """Okta lists no members of its group of administrators, and the rest is read."""
    group = {"id": "00gAdministrators001", "type": "BUILT_IN"}
    org.okta.groups[group["id"]] = group | {"profile": {"name": "Okta Administrators"}}
    org.okta.touch()

    taken = org.read()

    assert 0 == taken.code
    assert [] == taken.paths(f"{group['id']}/users")
    assert group["id"] in taken.rows["groups"]
    assert group["id"] not in taken.rows["group_members"]


# ---- the domain


@pytest.mark.parametrize(
    "domain",
    ["acme.okta.com", "https://acme.okta.com/", " ACME.okta.com ", "https://Acme.Okta.com"],
)
def test_a_domain_is_taken_with_and_without_https(domain):
    """The domain is the tenant, however it is spelt."""
    assert "acme.okta.com" == tenant(domain)


@pytest.mark.parametrize(
    "domain, words",
    [
        ("acme-admin.okta.com", "set SOURCES__OKTA__DOMAIN to acme.okta.com"),
        ("https://acme-admin.oktapreview.com/", "to acme.oktapreview.com"),
        ("http://acme.okta.com", "https://"),
        ("acme.okta.com:8443", "acme.okta.com"),
        ("acme.okta.com/admin", "host of the org"),
        ("acme", "host of the org"),
        ("", "host of the org"),
        ("user:secret@acme.okta.com", "host of the org"),
    ],
)
def test_a_domain_that_is_none_is_refused(domain, words):
    """An admin host is refused with the right name, and what is no host with an example."""
    with pytest.raises(Misconfigured) as refused:
        tenant(domain)

    assert words in f"{refused.value} {refused.value.next}"
    assert "secret" not in str(refused.value)


# ---- pages


@pytest.mark.parametrize("links", ["separate", "joined"])
def test_small_pages_give_the_same_rows(org, links):
    """Every list is followed to its end, with both forms of links and links in the body."""
    add_users(org, 7, FINANCE)
    expected = org.read_all().rows
    switches = org.okta.switches
    switches.links, switches.iam_page, switches.binding_members_page = links, 1, 1
    switches.app_users_cap = switches.app_groups_cap = switches.apps_cap = 1
    org.set(page_size=2, members_page_size=2)

    assert expected == org.read_all().rows


def test_a_full_read_asks_for_nothing_twice(org):
    """A full read makes one call for each page of each list, and none twice."""
    calls = Counter(org.read_all().paths())

    assert {1} == {*calls.values()}
    members = {f"groups/{key}/users" for key in org.okta.groups if key != org.okta.everyone}
    assert members == {one for one in calls if one.startswith("groups/00g") and "users" in one}


def test_a_failure_names_the_request(org):
    """A failure has the request's id at Okta, by which Okta's support finds it."""
    refused = status(403, {"errorCode": "E0000006"}, x_okta_request_id="reqABC123")

    assert "(request reqABC123)" in org.read_all(Fault(strikes("apps"), refused)).failure.why


def test_deactivated_users_are_read_without_the_operator(org):
    """Where Okta refuses the search, the plain list and a filter give the same users."""
    expected = org.read_all().rows
    org.okta.switches.pr_in_search = False

    taken = org.read_all()

    assert expected == taken.rows and "DEPROVISIONED" == taken.rows["users"][OLD]["status"]


def test_a_link_to_another_host_is_named(org):
    """A next link that leads to another host is not followed, and both hosts are named."""
    org.okta.switches.link_host = "https://acme.example.com"
    org.set(page_size=2)

    taken = org.read_all()

    assert 4 == taken.code and "https://acme.example.com" in taken.failure.why
    assert not [request for request in taken.asked if "after" in request.query]


def test_a_page_that_leads_to_itself_ends_the_list(org):
    """A page that links to itself fails the source at once."""
    add_users(org, 5)

    def itself(request: Request, honest: Response) -> Response:
        query = urlencode(request.query)
        honest.headers["link"] = f'<{request.base_url}{request.path}?{query}>; rel="next"'
        return honest

    circle = Fault(strikes("users"), itself, times=99)
    failure = org.read_all(circle).failure

    assert 4 == failure.code and "circle" in failure.why and circle.seen <= 3


def test_a_full_last_page_is_read_again(org):
    """A list that ends with a full page is read again with other pages, which end before they are
    full."""
    add_users(org, 45)
    org.set(page_size=25)

    taken = org.read_all()

    asked = [one.query["limit"] for one in taken.asked if strikes("users")(one)]
    assert (0, ["25", "25", "24", "24", "24"]) == (taken.code, asked)


@pytest.mark.parametrize("times", [1, 99], ids=["once", "always"])
def test_a_lost_link_is_no_end(org, times):
    """A list without a count whose link is lost is read again, and fails if it stays so."""
    add_users(org, 30, FINANCE)
    expected = org.read_all().rows
    org.patch.setattr("pipelines.sources.okta.applications.USERS_PAGE", 25)

    taken = org.read_all(Fault(strikes(f"apps/{PAYROLL}/users"), last_page, times=times))

    if times == 1:
        assert (0, expected) == (taken.code, taken.rows)
    else:
        assert 4 == taken.code and "a link is lost" in taken.failure.why


def test_a_list_that_is_too_slow_is_read_in_smaller_pages(org):
    """A list that answers 500 twice is read again with half the page size, and not asked longer."""
    add_users(org, 60, FINANCE)
    expected = org.read_all().rows
    org.okta.switches.list_timeout_above = 60

    taken = org.read_all()

    assert expected == taken.rows
    for path, sizes in (("users", "200 100 50"), (f"groups/{FINANCE}/users", "1000 500 250 125")):
        asked = [one.query["limit"] for one in taken.asked if strikes(path)(one)]
        assert sizes.split() == list(dict.fromkeys(asked))[: len(sizes.split())]
        assert {2} == {asked.count(size) for size in sizes.split()[:-1]}


def test_a_size_that_an_application_list_refuses_is_halved(org):
    """The users of applications have no documented maximum: a refused size is halved."""
    expected = org.read_all().rows
    org.okta.switches.over_cap, org.okta.switches.app_users_cap = "refused", 200

    taken = org.read_all()

    assert (0, expected) == (taken.code, taken.rows)


@pytest.mark.parametrize(
    "path, query",
    [("users", {"search": "status pr"}), (f"groups/{FINANCE}/users", {})],
    ids=["users", "members"],
)
@pytest.mark.parametrize("times", [1, 99], ids=["once", "always"])
def test_a_page_that_expired_is_read_again_from_the_start(org, path, query, times):
    """A cursor that expired is answered by one new reading; then the source fails."""
    add_users(org, 5, FINANCE)
    expected = org.read_all().rows
    org.set(page_size=2, members_page_size=2)

    taken = org.read_all(Fault(has_cursor(path, **query), EXPIRED, times=times))

    assert (0, expected) == (taken.code, taken.rows) if times == 1 else 4 == taken.code


def test_a_limit_that_is_used_up_is_waited_for(org, clock):
    """A read that needs more requests than a minute allows takes longer, and misses nothing."""
    expected = org.read_all().rows
    org.okta.switches.rate_limits = {"other": 16}  # half of it is one token's
    began = datetime.now(UTC)
    org.okta.ticks = lambda: clock.now
    org.okta.now = lambda: began + timedelta(seconds=clock.now - 1000)
    wait, org.okta.limits.counters = clock.sleep, {}

    def sleep(seconds: float) -> None:
        wait(seconds)
        org.server.clock_error = clock.now - 1000

    org.patch.setattr("pipelines.http.session.time.sleep", sleep)
    org.limits()
    taken = org.read_all()

    assert (0, expected) == (taken.code, taken.rows)
    assert 60 < sum(clock.waits) < 600


def test_too_many_requests_at_a_time_are_repeated(org, clock):
    """Refusals about concurrency are waited out."""
    org.okta.switches.concurrency_refusals = 4

    assert 0 == org.read_all().code
    assert all(1 <= wait <= 2 for wait in clock.waits if wait > 0.5)


# ---- users


def test_an_empty_list_of_users_is_no_empty_org(org):
    """A list of users without a user, which a missing admin role gives, fails the source."""
    nobody = Fault(strikes("users"), status(200, []), times=9)

    failure = org.read_all(nobody).failure

    assert 4 == failure.code and "empty" in failure.why
    assert "Read-only Administrator" in failure.next


@pytest.mark.parametrize("hidden, code", [(0, 0), (5, 0), (6, 4), (60, 4)])
def test_a_part_of_the_users_is_told_by_the_count(org, hidden, code):
    """A role that sees a part of the users fails the source; a few may be a count that lags."""
    made = add_users(org, 100)
    org.okta.switches.hidden_users = {*made[:hidden]}

    taken = org.read_all()

    assert code == taken.code
    if code:
        assert "Everyone has 104" in taken.failure.why and "role" in taken.failure.next


def test_a_count_of_all_users_is_accepted(org):
    """An org whose Everyone counts deactivated users, too, is read."""
    add_users(org, 30, status="DEPROVISIONED")
    org.okta.switches.everyone_has_deprovisioned = True

    assert 0 == org.read_all().code


def test_a_list_that_is_short_once_is_read_again(org):
    """A list of users that is short of the count once is read again, and then complete."""
    add_users(org, 40)
    short = Fault(strikes("users"), then(lambda rows: rows[:20]))

    taken = org.read_all(short)

    assert (0, 45) == (taken.code, len(taken.rows["users"]))


def test_an_org_without_everyone_is_seen_in_part(org):
    """A list of groups without Everyone fails the source, because a role hides it."""
    without = then(lambda rows: [row for row in rows if row["type"] != "BUILT_IN"])

    failure = org.read_all(Fault(strikes("groups"), without, times=9)).failure

    assert 4 == failure.code and "Everyone" in failure.why


@pytest.mark.parametrize("kind, key", [("users", MARA), ("groups", IMPORTED)])
def test_what_a_list_has_lost_must_be_gone(org, kind, key):
    """A user or group that a list lacks now, and that still exists, fails the source."""
    org.read()
    without = then(lambda rows: [row for row in rows if row["id"] != key])

    failure = org.read(Fault(strikes(kind), without, times=9)).failure

    assert 4 == failure.code and f"{key} exists" in failure.why


def test_only_okta_can_say_that_something_is_gone(org):
    """A 404 of a proxy, or of a wrong path, is no proof that a user was deleted."""
    org.read()
    without = then(lambda rows: [row for row in rows if row["id"] != MARA])
    lost = Fault(strikes("users"), without, times=9)

    for body in (b"no such page", ERROR | {"errorCode": "E0000008"}):
        missing = Fault(strikes(f"users/{MARA}"), status(404, body))
        assert 4 == org.read(lost, missing).code


def test_a_deleted_user_is_gone(org):
    """A user who was deleted leaves users and groups; one read by id proves it."""
    org.read()
    del org.okta.users[MARA]
    org.okta.members.discard((MARA, FINANCE))
    org.okta.touch()

    taken = org.read()

    assert MARA not in taken.rows["users"] and [OLD] == taken.members(FINANCE)
    assert 1 == len(taken.paths(f"users/{MARA}"))


def test_only_asked_attributes_are_kept(org):
    """Users are kept with the base attributes, without password and links; `*` keeps all."""
    org.okta.users[MARA]["profile"] |= {"secondEmail": "m@home.example", "badge": 7}
    profile = org.read_all().rows["users"][MARA]
    assert {"secondEmail", "badge"}.isdisjoint(profile["profile"])
    assert {"provider": {"type": "OKTA", "name": "OKTA"}} == profile["credentials"]
    assert "_links" not in profile

    org.set(profile_fields="badge, costTier")
    assert 7 == org.read_all().rows["users"][MARA]["profile"]["badge"]
    org.set(profile_fields="*")
    assert "m@home.example" == org.read_all().rows["users"][MARA]["profile"]["secondEmail"]
