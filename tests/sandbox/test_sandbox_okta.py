"""The sandbox's Okta shows what Okta documents; a more lenient one would fail here."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests

from tests.support.okta_tenant import (
    ADA,
    ADMINS,
    FINANCE,
    IMPORTED,
    MARA,
    NORA,
    OLD,
    PAYROLL,
    ROLE,
    RULED,
    SERVICE,
    SET,
    Tenant,
    refusal,
)

ALL = "search=status pr&sortBy=id"


@pytest.fixture
def tenant() -> Iterator[Tenant]:
    with (made := Tenant()).server:
        yield made


# ---- pages


def test_pages_neither_repeat_nor_lose_a_row(tenant: Tenant):
    """Pages neither repeat nor lose a row while users come and go; the last has no `next`."""
    first = tenant.ask("users?limit=2")
    assert {"self", "next"} == set(first.links)
    assert f"{tenant.root}/users?limit=2" == first.links["self"]["url"]
    del tenant.okta.users[first.json()[0]["id"]]
    second = tenant.http.get(first.links["next"]["url"])
    assert [ADA, tenant.okta.owner] == [row["id"] for row in second.json()]
    assert {"self"} == set(second.links)
    tenant.okta.switches.links = "joined"
    assert {"self", "next"} == set(tenant.ask("users?limit=2").links)
    tenant.okta.switches.link_host = "https://other.example"
    link = tenant.ask("users?limit=2").links["next"]["url"]
    assert link.startswith("https://other.example/api/v1/users?after=")


def test_header_lines_are_separate_or_joined():
    """`self` and `next` are two header lines, or one with a comma."""
    for links, count in (("separate", 2), ("joined", 1)):
        with (tenant := Tenant(links=links)).server:
            raw = tenant.ask("users?limit=1").raw.headers.getlist("link")
            assert (links, count) == (links, len(raw))


def test_a_page_is_capped_and_a_foreign_cursor_refused(tenant: Tenant):
    """A limit above the cap is reduced, and a cursor of another list or query is refused."""
    tenant.okta.switches.users_cap = 2
    page = tenant.ask("users?limit=1000")
    assert 2 == len(page.json())
    cursor = page.links["next"]["url"].split("after=")[1].split("&")[0]
    for path in (f"groups?after={cursor}", f"users?{ALL}&after={cursor}", "users?after=00u"):
        assert (400, "E0000001") == refusal(tenant.ask(path))
    for path in ("users?limit=0", "users?limit=many", "groups/rules?limit=201"):
        assert (400, "E0000001") == refusal(tenant.ask(path))
    tenant.okta.switches.over_cap = "refused"
    assert (400, "E0000001") == refusal(tenant.ask("apps?limit=201"))
    tenant.okta.switches.list_timeout_above = 100
    assert (500, "E0000009") == refusal(tenant.ask("groups?limit=200"))
    assert 200 == tenant.ask("groups?limit=100").status_code


def test_a_users_groups_are_paged_without_being_asked(tenant: Tenant):
    """The groups of a user are paged although no parameter for it is documented."""
    tenant.okta.switches.user_groups_page = 1
    every = [tenant.okta.everyone, RULED, IMPORTED]
    assert 1 == len(tenant.ask(f"users/{NORA}/groups").json())
    assert sorted(every) == tenant.ids(f"users/{NORA}/groups")


# ---- users and groups


def test_the_plain_list_hides_deactivated_users(tenant: Tenant):
    """The plain list leaves deactivated users out; search and filter find them."""
    assert OLD not in tenant.ids("users")
    assert OLD in tenant.ids("users", search="status pr", limit=1)
    assert [OLD] == tenant.ids("users", filter='status eq "DEPROVISIONED"')
    assert [OLD] == tenant.ids(f"groups/{FINANCE}/users", limit=200)[-1:]
    assert OLD not in tenant.ids(f"groups/{tenant.okta.everyone}/users")
    tenant.okta.switches.deprovisioned_stay_members = False
    assert [MARA] == tenant.ids(f"groups/{FINANCE}/users")
    assert [NORA] == [row["id"] for row in tenant.ask("users?q=nor").json()]


@pytest.mark.parametrize(
    ("path", "query", "found"),
    [
        ("users", 'profile.login eq "MARA.Lindqvist@example.com"', [MARA]),
        ("users", 'profile.department eq "Finance"', [MARA, NORA]),
        ("users", 'profile.lastName co "ind" and profile.badge eq 7', [MARA]),
        ("users", 'status eq "DEPROVISIONED" or profile.userType pr', [NORA, OLD]),
        (
            "users",
            '(profile.firstName sw "Ma" or id eq "x") and created gt "2020-01-01T00:00:00.000Z"',
            [MARA],
        ),
        ("groups", 'profile.name eq "finance"', [FINANCE, IMPORTED]),
        ("groups", f'type eq "APP_GROUP" and source.id eq "{PAYROLL}"', [IMPORTED]),
        ("groups", 'lastMembershipUpdated ge "2099-01-01T00:00:00.000Z"', []),
    ],
)
def test_a_search_finds(tenant: Tenant, path: str, query: str, found: list[str]):
    """Each supported search finds its rows, across pages of one row."""
    assert found == tenant.ids(path, search=query, limit=1)


@pytest.mark.parametrize(
    ("path", "name", "query", "code"),
    [
        ("users", "search", 'profile.nothing eq "x"', "E0000031"),
        ("users", "search", 'title eq "Manager"', "E0000031"),
        ("users", "search", 'status ne "ACTIVE"', "E0000031"),
        ("users", "search", 'not (status eq "ACTIVE")', "E0000031"),
        ("users", "search", 'profile.title co "a"', "E0000031"),
        ("users", "search", "status eq ACTIVE", "E0000031"),
        ("users", "search", 'lastUpdated gt "yesterday"', "E0000030"),
        ("users", "filter", 'profile.title eq "Manager"', "E0000053"),
        ("users", "filter", "status pr", "E0000053"),
        ("users", "filter", 'status eq "ACTIVE" and', "E0000053"),
        ("groups", "search", "id pr", "E0000031"),
        ("groups", "filter", 'profile.name eq "Finance"', "E0000053"),
        ("logs", "filter", 'published gt "2026-01-01T00:00:00.000Z"', "E0000031"),
    ],
)
def test_an_unknown_search_is_refused(tenant: Tenant, path: str, name: str, query: str, code: str):
    """An unsupported attribute, operator or value is refused with the code of its list."""
    assert (400, code) == refusal(tenant.ask(path, params={name: query}))


def test_searches_can_be_sorted_and_not_combined(tenant: Tenant):
    """A search is sorted by `sortBy`, pages too; search, filter and q exclude each other."""
    tenant.okta.users[ADA]["lastUpdated"] = "2026-08-01T00:00:00.000Z"
    newest = tenant.ids("users", search="id pr", sortBy="lastUpdated", sortOrder="desc", limit=2)
    assert (ADA, 5) == (newest[0], len({*newest}))
    both = {"search": "id pr", "filter": 'status eq "ACTIVE"'}
    assert (400, "E0000033") == refusal(tenant.ask("users", params=both))
    long = " or ".join(f'id eq "{number}"' for number in range(500))
    assert (400, "E0000031") == refusal(tenant.ask("users", params={"search": long}))
    tenant.okta.switches.pr_in_search = False
    assert (400, "E0000031") == refusal(tenant.ask("users", params={"search": "status pr"}))


def test_a_user_has_nulls_and_can_be_trimmed(tenant: Tenant):
    """A user has null timestamps and an ETag; headers and `fields` trim a list."""
    one = tenant.ask(f"users/{MARA}")
    assert one.headers["etag"] and one.json()["lastLogin"] is None
    assert MARA == tenant.ask("users/MARA.lindqvist@example.com").json()["id"]
    assert (404, "E0000007") == refusal(tenant.ask("users/nobody@example.com"))
    trimming = 'application/json; okta-response="omitCredentials,omitCredentialsLinks"'
    row = tenant.ask("users?limit=1", headers={"content-type": trimming}).json()[0]
    assert "credentials" not in row and {"self"} == set(row["_links"])
    row = tenant.ask("users?limit=1&fields=status,profile:(login)").json()[0]
    assert {
        "id": MARA,
        "status": "ACTIVE",
        "profile": {"login": "mara.lindqvist@example.com"},
    } == row
    tenant.okta.switches.nulls = "omitted"
    assert "lastLogin" not in tenant.ask(f"users/{MARA}").json()


def test_a_group_tells_its_counts(tenant: Tenant):
    """Counts and admin rights are told with `expand=stats`; hidden users are counted, too."""
    stats = {row["id"]: row["_embedded"]["stats"] for row in tenant.rows("groups", expand="stats")}
    assert (2, 1, True) == tuple(
        stats[FINANCE][name] for name in ("usersCount", "appsCount", "hasAdminPrivlege")
    )
    assert 4 == stats[tenant.okta.everyone]["usersCount"]
    tenant.okta.switches.hidden_users = {NORA}
    assert NORA not in tenant.ids("users")
    assert (404, "E0000007") == refusal(tenant.ask(f"users/{NORA}"))
    everyone = tenant.ask(f"groups/{tenant.okta.everyone}?expand=stats").json()
    assert 4 == everyone["_embedded"]["stats"]["usersCount"]
    assert PAYROLL == tenant.ask(f"groups/{IMPORTED}?expand=app").json()["_embedded"]["app"]["id"]


# ---- roles and applications


def test_roles_say_where_they_come_from_and_what_for(tenant: Tenant):
    """A role says whether it comes through a group, and what it is limited to."""
    [row] = tenant.ask(f"users/{ADA}/roles?expand=targets/groups").json()
    assert ("GROUP", "HELP_DESK_ADMIN") == (row["assignmentType"], row["type"])
    assert [FINANCE] == [one["id"] for one in row["_embedded"]["targets"]["groups"]]
    assert row["_links"]["assignee"]["href"].endswith(f"/groups/{ADMINS}")
    [custom] = tenant.ask(f"users/{NORA}/roles").json()
    assert ("irb1", "CUSTOM", ROLE, SET) == tuple(
        custom[name] for name in ("id", "type", "role", "resource-set")
    )
    client = requests.get(
        f"{tenant.server.url}/oauth2/v1/clients/{SERVICE}/roles", headers=tenant.http.headers
    )
    assert (404, "E0000007") == refusal(client)  # no client of that id yet
    tenant.add_service_app()
    client = requests.get(client.url, headers=tenant.http.headers).json()
    assert {("SUPER_ADMIN", "CLIENT"), ("CUSTOM", "CLIENT")} == {
        (one["type"], one["assignmentType"]) for one in client
    }


def test_assignees_and_bindings_are_paged_in_their_bodies(tenant: Tenant):
    """Lists of the role API are objects, whose links to further pages are in the body."""
    every = tenant.enveloped("iam/assignees/users?limit=1", "value")
    assert sorted([MARA, NORA, OLD, ADA, tenant.okta.owner]) == [row["id"] for row in every]
    tenant.okta.switches.assignees_through_groups = False
    own = tenant.enveloped("iam/assignees/users", "value")
    assert [NORA, tenant.okta.owner] == [row["id"] for row in own]
    tenant.okta.switches.binding_members_page = 2
    path = f"iam/resource-sets/{SET}/bindings/{ROLE}/members"
    assert 2 == len(tenant.ask(path).json()["members"])
    hrefs = [row["_links"]["self"]["href"] for row in tenant.enveloped(path, "members")]
    assert [f"users/{NORA}", f"groups/{FINANCE}", f"clients/{SERVICE}"] == [
        "/".join(href.split("/")[-2:]) for href in hrefs
    ]
    assert [ROLE] == [row["id"] for row in tenant.enveloped("iam/roles", "roles")]
    permissions = tenant.ask(f"iam/roles/{ROLE}/permissions").json()["permissions"]
    assert ["okta.users.read", "okta.groups.read"] == [row["label"] for row in permissions]


def test_an_application_tells_how_it_was_assigned(tenant: Tenant):
    """An assignment is a user's own or a group's; deactivated users have none."""
    scopes = {row["id"]: row["scope"] for row in tenant.rows(f"apps/{PAYROLL}/users", limit=1)}
    assert {MARA: "GROUP", NORA: "USER"} == scopes
    assert [FINANCE] == tenant.ids(f"apps/{PAYROLL}/groups")
    assert (404, "E0000007") == refusal(tenant.ask(f"apps/{PAYROLL}/users/{OLD}"))


# ---- limits


def test_every_answer_tells_what_is_left_of_its_minute(tenant: Tenant):
    """Each bucket has counters of its own, a token half of them, and a 429 has no Retry-After."""
    tenant.okta.switches.rate_limits = {"users": 4}
    answers = [tenant.ask("users?limit=1") for _ in range(3)]
    assert ["1", "0", "0"] == [one.headers["x-rate-limit-remaining"] for one in answers]
    assert (429, "E0000047") == refusal(answers[-1])
    assert "retry-after" not in answers[-1].headers
    reset = int(answers[-1].headers["x-rate-limit-reset"])
    assert 60 < reset - tenant.time.timestamp() <= 61
    assert 200 == tenant.ask("groups").status_code
    assert 200 == tenant.ask(f"users/{MARA}").status_code
    tenant.okta.add_api_token("another", tenant.okta.owner)
    another = {"authorization": "SSWS another"}
    codes = [tenant.ask("users", headers=another).status_code for _ in range(3)]
    assert [200, 200, 429] == codes  # the other half
    tenant.okta.add_api_token("third", tenant.okta.owner)
    assert 429 == tenant.ask("users", headers={"authorization": "SSWS third"}).status_code
    tenant.passes(60)
    assert 200 == tenant.ask("users").status_code
    tenant.okta.switches.concurrency_refusals = 1
    refused = tenant.ask("users")
    assert (429, "0", "0") == (
        refused.status_code,
        refused.headers["x-rate-limit-limit"],
        refused.headers["x-rate-limit-remaining"],
    )


def test_an_unknown_path_or_method_is_refused(tenant: Tenant):
    """Unknown paths and wrong methods have codes of their own."""
    for path in ("nothing", f"users/{MARA}/nothing", "users/"):
        assert (404, "E0000008") == refusal(tenant.ask(path))
    assert (400, "E0000019") == refusal(tenant.ask("users", headers={"accept": "text/html"}))
