"""Okta's lists are read to their end, and compared with what Okta counts elsewhere.

No list has a total, and a narrow role gets a part of it with status 200.
"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import pytest

from pipelines.failures import Misconfigured
from pipelines.sources.okta import scope, tenant
from tests.http.test_http import clock as clock
from tests.sandbox.server import Fault, Request, Response
from tests.support.faults import Effect, status, then
from tests.support.okta_org import Org, add_users, strikes
from tests.support.okta_org import org as org
from tests.support.okta_tenant import ADA, ADMINS, FINANCE, IMPORTED, MARA, OLD, PAYROLL, ROLE

EXPIRED = status(400, {"errorCode": "E0000031", "errorCauses": []})
ERROR = {"errorSummary": "", "errorLink": "", "errorId": "", "errorCauses": []}


def last_page(request: Request, honest: Response) -> Response:
    """Drop the link to the next page."""
    honest.headers["link"] = [line for line in honest.headers["link"] if 'rel="next"' not in line]
    return honest


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


# ---- members


@pytest.mark.parametrize("times", [1, 99], ids=["once", "always"])
def test_members_that_end_after_a_page_are_incomplete(org, times):
    """A list of members whose link is lost is short of its count: read again, then refused."""
    add_users(org, 3, FINANCE)
    org.set(members_page_size=2)

    taken = org.read_all(Fault(strikes(f"groups/{FINANCE}/users"), last_page, times=times))

    if times == 1:
        assert (0, 5) == (taken.code, len(taken.members(FINANCE)))
    else:
        assert 4 == taken.code and "5 are counted" in taken.failure.why


@pytest.mark.parametrize("missing, code", [(5, 0), (6, 4)])
def test_members_far_below_the_count_are_incomplete(org, missing, code):
    """Members that are short of their count by more than a few are refused, else warned of."""
    add_users(org, 40, FINANCE)
    short = then(lambda rows: rows[missing:])

    taken = org.read_all(Fault(strikes(f"groups/{FINANCE}/users"), short, times=99))

    assert code == taken.code
    assert code or any("42 are counted" in warning for warning in taken.warnings)


def test_deactivated_members_that_are_counted_only_are_no_lack(org):
    """An org that counts deactivated members, and does not list them, is read."""
    add_users(org, 30, FINANCE, status="DEPROVISIONED")
    hides = then(lambda rows: [row for row in rows if row["status"] != "DEPROVISIONED"])

    taken = org.read_all(Fault(strikes(f"groups/{FINANCE}/users"), hides, times=99))

    assert (0, [MARA]) == (taken.code, taken.members(FINANCE))


def test_members_of_an_uncounted_group_are_read(org):
    """Deactivated members that the count leaves out are read, where a group ever had members."""
    org.okta.switches.stats_count_deprovisioned = False
    org.okta.members = {(OLD, FINANCE)}
    org.okta.groups[FINANCE]["lastMembershipUpdated"] = "2026-06-01T08:00:00.000Z"
    never_filled = org.okta.groups[IMPORTED]
    never_filled["lastMembershipUpdated"] = never_filled["lastUpdated"]
    org.okta.touch()

    taken = org.read_all()

    assert [OLD] == taken.members(FINANCE)
    assert not taken.paths(f"groups/{IMPORTED}/users")


def test_everyone_is_never_read(org):
    """The members of Everyone are not asked for: they are all users."""
    taken = org.read_all()

    assert org.okta.everyone in taken.rows["groups"]
    assert org.okta.everyone not in taken.rows["group_members"]
    assert not taken.paths(f"groups/{org.okta.everyone}/users")


def test_members_that_may_not_be_read_are_no_empty_group(org):
    """A 403 on one group's members fails the source, and names group and right."""
    org.okta.assignments[org.okta.owner][0]["type"] = "READ_ONLY_ADMIN"
    org.okta.bindings.clear()
    org.set(admin_roles="false")

    failure = org.read_all().failure

    assert 3 == failure.code and f"groups/{ADMINS}/users" in failure.what
    assert "View roles, resources, and admin assignments" in failure.next


def deleting(org: Org, group: str) -> Effect:
    """Delete a group between the list and its members."""

    def effect(request: Request, _: Response | None) -> Response:
        org.okta.groups.pop(group, None)
        org.okta.members = {pair for pair in org.okta.members if pair[1] != group}
        org.okta.touch()
        return org.okta.handle(request)

    return effect


def test_a_group_that_was_deleted_meanwhile_is_left_out(org):
    """A group deleted between list and members has no row of members; the others have."""
    gone = Fault(strikes(f"groups/{IMPORTED}/users"), deleting(org, IMPORTED), before=True)

    taken = org.read_all(gone)

    assert 0 == taken.code and IMPORTED not in taken.rows["group_members"]
    assert [ADA] == taken.members(ADMINS)


@pytest.mark.parametrize("code", ["E0000007", "E0000008"])
def test_a_group_that_is_listed_is_not_gone(org, code):
    """A 404 of a group that is still listed fails the source; so does one of a wrong path."""
    missing = status(404, ERROR | {"errorCode": code})

    failure = org.read_all(Fault(strikes(f"groups/{IMPORTED}/users"), missing, times=99)).failure

    assert 4 == failure.code and IMPORTED in failure.what + failure.why


# ---- admin roles and applications


def test_admin_roles_that_may_not_be_read_are_no_empty_list(org):
    """Without the right to read roles, the source fails with scope, role and setting."""
    org.okta.assignments[org.okta.owner][0]["type"] = "READ_ONLY_ADMIN"
    org.okta.switches.admin_groups_need_roles_right = False

    failure = org.read_all().failure

    assert 3 == failure.code
    for word in ("okta.roles.read", "Super Administrator", "SOURCES__OKTA__ADMIN_ROLES=false"):
        assert word in failure.next


def test_an_org_without_an_administrator_is_incomplete(org):
    """An empty list of administrators fails the source, because every org has one."""
    nobody = Fault(strikes("iam/assignees/users"), status(200, {"value": [], "_links": {}}))
    no_groups = Fault(
        strikes("groups"),
        then(lambda rows: [row | {"_embedded": {"stats": {"usersCount": 0}}} for row in rows]),
        times=9,
    )
    org.okta.assignments = {org.okta.owner: org.okta.assignments[org.okta.owner]}
    org.okta.bindings.clear()
    org.okta.touch()

    failure = org.read_all(nobody, no_groups).failure

    assert 4 == failure.code and "every org has an administrator" in failure.why


def test_roles_are_read_with_their_targets(org):
    """A role that is limited has its groups and applications; one for the whole org has none."""
    apps = [PAYROLL, "salesforce"]
    org.okta.assignments[MARA] = [
        {"id": "ra1", "type": "APP_ADMIN", "targets": {"apps": apps}},
        {"id": "ra2", "type": "USER_ADMIN", "targets": {"groups": [FINANCE]}},
        {"id": "ra3", "type": "REPORT_ADMIN", "status": "INACTIVE"},
    ]
    org.okta.touch()

    rows = org.read_all().rows
    found = {row["id"]: row for row in rows["user_role_assignments"][MARA]["roleAssignments"]}

    payroll = {"id": PAYROLL, "name": "payroll", "displayName": "Payroll"}
    assert {"apps": [payroll, {"name": "salesforce", "displayName": "Salesforce"}]} == found["ra1"][
        "targets"
    ]
    assert {"groups": [{"id": FINANCE, "name": "Finance"}]} == found["ra2"]["targets"]
    assert "targets" not in found["ra3"] and "INACTIVE" == found["ra3"]["status"]
    inherited = rows["user_role_assignments"][ADA]["roleAssignments"]
    assert ["GROUP"] == [row["assignmentType"] for row in inherited]


@pytest.mark.parametrize("path", [f"iam/roles/{ROLE}/permissions", f"apps/{PAYROLL}/users"])
def test_a_404_of_what_is_listed_is_incomplete(org, path):
    """A custom role or an application that is still listed is not gone."""
    missing = status(404, ERROR | {"errorCode": "E0000007"})

    assert 4 == org.read_all(Fault(strikes(path), missing, times=9)).code


def test_service_apps_show_their_roles(org):
    """A service app's roles are read, although no list of administrators has it."""
    app = org.okta.applications["0oaTenantApp000000002"]
    app["settings"] = {"oauthClient": {"application_type": "service"}}
    app["credentials"] = {"oauthClient": {"client_id": app["id"]}}
    org.okta.add_client(app["id"], {}, ())
    org.okta.touch()

    rows = org.read_all().rows

    assert {"isService": True, "clientId": app["id"]}.items() <= rows["applications"][
        app["id"]
    ].items()
    assert "settings" not in rows["applications"][app["id"]]
    held = rows["client_role_assignments"][app["id"]]["roleAssignments"]
    assert {"SUPER_ADMIN", "CUSTOM"} == {row["type"] for row in held}
    assert app["id"] not in rows["application_users"]


def test_a_scope_says_what_is_left_out():
    """The scope of a read is `all`, or names what the settings leave out."""
    assert "all" == scope("", "") == scope("all", "True")
    assert "applications=groups, admin_roles=false" == scope("groups", "false")
    for wrong in (("some", ""), ("", "maybe")):
        with pytest.raises(Misconfigured, match="SOURCES__OKTA__"):
            scope(*wrong)
