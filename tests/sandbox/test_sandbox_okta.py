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


# ---- tokens and rights


def test_an_api_token_has_the_rights_of_its_user(tenant: Tenant):
    """An API token has its user's roles, and dies with the user's account."""
    assert 200 == tenant.ask("iam/roles").status_code
    tenant.okta.assignments[tenant.okta.owner][0]["type"] = "READ_ONLY_ADMIN"
    tenant.okta.touch()
    assert 200 == tenant.ask("users").status_code
    assert (403, "E0000006") == refusal(tenant.ask("iam/roles"))
    assert (403, "E0000006") == refusal(tenant.ask(f"users/{MARA}/roles"))
    assert (403, "E0000006") == refusal(tenant.ask(f"groups/{ADMINS}/users"))
    assert 200 == tenant.ask(f"groups/{RULED}/users").status_code
    assert tenant.okta.owner == tenant.ask("users/me").json()["id"]
    tenant.okta.users[tenant.okta.owner]["status"] = "DEPROVISIONED"
    assert (401, "E0000011") == refusal(tenant.ask("users"))


@pytest.mark.parametrize("text", ["", "SSWS wrong", "Bearer wrong", "ssws okta-token"])
def test_a_wrong_token_is_refused(tenant: Tenant, text: str):
    """Another scheme, an unknown token and no token at all get 401 E0000011."""
    answer = tenant.ask("users", headers={"authorization": text})
    assert (401, "E0000011") == refusal(answer)
    assert answer.headers["x-okta-request-id"]
    tenant.passes(31 * 86_400)  # an unused token expires
    assert (401, "E0000011") == refusal(tenant.ask("users"))


def test_a_service_app_proves_itself_by_a_signature(tenant: Tenant):
    """A token needs a signed assertion of at most an hour, taken once, and granted scopes."""
    tenant.add_service_app("okta.users.read", "okta.groups.read")
    answer = tenant.token("okta.users.read").json()
    assert ("Bearer", 3600, "okta.users.read") == (
        answer["token_type"],
        answer["expires_in"],
        answer["scope"],
    )
    used = tenant.assertion()
    now = int(tenant.time.timestamp())
    for wrong in (
        {"client_assertion": tenant.assertion(aud=tenant.server.url)},
        {"client_assertion": tenant.assertion(exp=now + 7200)},
        {"client_assertion": tenant.assertion(exp=now - 60)},
        {"client_assertion": tenant.assertion(sub="0oaOther")},
        {"client_assertion": used[:-4] + "AAAA"},
        {"client_assertion_type": ""},
    ):
        refused = tenant.token("okta.users.read", **wrong)
        assert (401, "invalid_client") == (refused.status_code, refused.json()["error"])
    assert 200 == tenant.token("okta.users.read", client_assertion=used).status_code
    assert 401 == tenant.token("okta.users.read", client_assertion=used).status_code
    assert "invalid_scope" == tenant.token("okta.users.read okta.logs.read").json()["error"]
    tenant.okta.switches.ungranted_scope = "dropped"
    granted = tenant.token("okta.users.read okta.logs.read").json()["scope"]
    assert "okta.users.read" == granted
    wrong_grant = tenant.token("okta.users.read", grant_type="password").json()
    assert "unsupported_grant_type" == wrong_grant["error"]


def test_scopes_and_roles_are_both_needed(tenant: Tenant):
    """Without a role, users are an empty list with status 200, and all else is forbidden."""
    tenant.add_service_app("okta.users.read", "okta.groups.read")
    tenant.sign_in("okta.users.read okta.groups.read")
    assert 5 == len(tenant.rows("users", search="status pr"))
    assert (403, "E0000006") == refusal(tenant.ask("logs"))  # the scope is missing
    assert "insufficient_scope" in tenant.ask("logs").headers["www-authenticate"]
    assert (404, "E0000007") == refusal(tenant.ask("users/me"))
    del tenant.okta.assignments[SERVICE], tenant.okta.bindings[SET, ROLE]["irb3"]
    tenant.okta.touch()
    assert (200, []) == ((answer := tenant.ask("users")).status_code, answer.json())
    assert (403, "E0000006") == refusal(tenant.ask("groups"))
    tenant.passes(3600)
    assert (401, "E0000011") == refusal(tenant.ask("users"))
    tenant.okta.switches.bearer_401_body = False
    assert b"" == tenant.ask("users").content


def test_a_bound_token_needs_a_proof_for_every_request(tenant: Tenant):
    """With DPoP, tokens and calls need a proof of their own, and each side has its own nonce."""
    tenant.add_service_app("okta.users.read", dpop=True)
    scope, url = "okta.users.read", f"{tenant.root}/users"
    assert "invalid_dpop_proof" == tenant.token(scope).json()["error"]
    asked = tenant.token(scope, tenant.proof("POST", tenant.token_url))
    assert (400, "use_dpop_nonce") == (asked.status_code, asked.json()["error"])
    nonce = asked.headers["dpop-nonce"]
    issued = tenant.token(scope, tenant.proof("POST", tenant.token_url, nonce=nonce)).json()
    assert "DPoP" == issued["token_type"]
    token = issued["access_token"]

    def call(proof: str, scheme: str = "DPoP") -> requests.Response:
        headers = {"authorization": f"{scheme} {token}", "dpop": proof}
        return requests.get(url, headers=headers)

    asked = call(tenant.proof("GET", url, token, nonce=nonce))
    assert (401, True) == (asked.status_code, "use_dpop_nonce" in asked.headers["www-authenticate"])
    nonce = asked.headers["dpop-nonce"]
    proof = tenant.proof("GET", url, token, nonce=nonce)
    assert 200 == call(proof).status_code
    assert 401 == call(proof).status_code  # used already
    assert 401 == call(tenant.proof("GET", url, nonce=nonce)).status_code  # of no token
    assert 401 == call(tenant.proof("POST", url, token, nonce=nonce)).status_code
    assert 401 == call(tenant.proof("GET", url, token, nonce=nonce), "Bearer").status_code


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
