"""The sandbox's PingOne shows what PingOne documents; a more lenient one would fail here."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests

from tests.support.pingone_tenant import (
    ALL,
    CONTRACTORS,
    EMPLOYEES,
    MANAGERS,
    MARA,
    NORA,
    PARTNERS,
    PAYMENTS,
    TOBE,
    Tenant,
    refusal,
)


@pytest.fixture
def tenant() -> Iterator[Tenant]:
    with (made := Tenant().sign_in()).server:
        yield made


def test_a_token_is_had_by_the_applications_own_method_only():
    """A token is issued only by the application's own authentication method.

    A wrongly configured worker mixes up the two methods.
    """
    with (tenant := Tenant()).server:
        client_id, secret = tenant.credentials
        posted = tenant.token(client_id=client_id, client_secret=secret)
        assert (401, "invalid_client") == (posted.status_code, posted.json()["error"])
        assert "unsupported authentication method" in posted.json()["error_description"].lower()
        assert {"access_token", "token_type", "expires_in"} == set(tenant.token().json())

        both = {"grant_type": "client_credentials", "client_id": client_id}
        both = requests.post(tenant.token_url, data=both, auth=tenant.credentials)
        assert 401 == both.status_code

        tenant.pingone.switches.token_auth_method = "CLIENT_SECRET_POST"
        assert 401 == tenant.token().status_code
        assert 200 == tenant.token(client_id=client_id, client_secret=secret).status_code
        assert 401 == tenant.token(client_id=client_id, client_secret="no").status_code
        assert "unsupported_grant_type" == tenant.token(grant_type="password").json()["error"]
        assert 404 == requests.post(f"{tenant.server.url}/elsewhere/as/token").status_code


def test_a_token_ends_after_an_hour_and_rights_are_looked_at(tenant: Tenant):
    """A token expires after an hour, and a missing permission is answered with 403."""
    assert 200 == tenant.ask("users").status_code
    tenant.pingone.switches.missing_permissions = {"dir:read:groupMembership"}
    forbidden = (403, "ACCESS_FAILED", "INSUFFICIENT_PERMISSIONS", None)
    assert forbidden == refusal(tenant.ask(f"users/{MARA}/memberOfGroups"))
    assert forbidden == refusal(tenant.ask(f'users?filter=memberOfGroups[id eq "{ALL}"]'))
    assert 200 == tenant.ask("users").status_code
    tenant.ticks = 3600
    assert (401, "ACCESS_FAILED", "INVALID_TOKEN", None) == refusal(tenant.ask("users"))


def test_an_object_has_the_recorded_keys_and_no_nulls(tenant: Tenant):
    """An object has PingOne's recorded keys in their order, and no nulls."""
    answer = tenant.ask("users?limit=1")
    page = answer.json()
    assert "application/hal+json;charset=UTF-8" == answer.headers["content-type"]
    assert answer.headers["correlation-id"]
    assert ["_links", "_embedded", "count", "size"] == list(page)
    assert f"{tenant.root}/users?limit=1" == page["_links"]["self"]["href"]
    [mara] = page["_embedded"]["users"]
    assert ["_links", "id", "environment", "account", "createdAt", "email", "enabled"] == [*mara][
        :7
    ]
    assert {"given": "Mara"} == mara["name"]
    assert "title" not in tenant.ask(f"users/{NORA}").json()
    assert f"{tenant.root}/users/{MARA}/password" == mara["_links"]["password.set"]["href"]

    group = tenant.ask(f"groups/{PAYMENTS}?include=totalMemberCounts").json()
    assert {"users": 1, "groups": 1} == group["directMemberCounts"]
    assert {"users": 1} == group["totalMemberCounts"]
    assert not any("totalMemberCounts" in row for row in tenant.rows("groups"))
    assert [2, 1] == [row["userCount"] for row in tenant.rows("populations")]


def test_pages_neither_repeat_nor_lose_a_row(tenant: Tenant):
    """Pages neither repeat nor lose a row while users come and go."""
    first = tenant.ask("users?limit=1").json()
    tenant.pingone.delete_user(MARA)
    early = tenant.pingone.add_user(
        {"id": MARA[:-1] + "0", "username": "early", "email": "early@example.com"}
    )
    second = tenant.http.get(first["_links"]["next"]["href"]).json()
    assert [TOBE] == [row["id"] for row in second["_embedded"]["users"]]
    assert [early["id"], TOBE, NORA] == tenant.ids("users", limit=1)
    assert "next" not in tenant.ask("users?limit=3").json()["_links"]


def test_a_page_is_capped_and_a_foreign_cursor_refused(tenant: Tenant):
    """A limit above the cap is reduced, and a cursor of another list is refused."""
    tenant.pingone.switches.users_cap = 2
    page = tenant.ask("users?limit=1000").json()
    assert (2, 3) == (page["size"], page["count"])
    cursor = page["_links"]["next"]["href"].split("cursor=")[1].split("&")[0]
    assert 200 == tenant.ask(f"users?cursor={cursor}").status_code
    for path in (f"groups?cursor={cursor}", "users?cursor=2", f"users?cursor={cursor[:-2]}AA"):
        assert (400, "INVALID_REQUEST", "INVALID_PARAMETER", "cursor") == refusal(tenant.ask(path))
    assert (400, "INVALID_DATA", "OUT_OF_RANGE", "limit") == refusal(tenant.ask("users?limit=0"))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('username eq "MARA"', [MARA]),
        ('email sw "mara" OR email sw "nora" and enabled eq false', [MARA]),
        ('(email sw "mara" or email sw "nora") AND enabled eq true', [MARA, NORA]),
        ('name.given co "or"', [NORA]),
        (f'population.id eq "{CONTRACTORS}"', [TOBE]),
        (f'memberOfGroups[id eq "{ALL}"]', [MARA, NORA]),
        (f'memberOfGroups[id eq "{ALL}" and type eq "DIRECT"]', [NORA]),
        (f'memberOfGroups[id eq "{ALL}"] and title sw "Man"', [MARA]),
    ],
)
def test_a_filter_finds(tenant: Tenant, text: str, found: list[str]):
    """Each supported filter finds its users, across pages of one row."""
    assert found == tenant.ids("users", filter=text, limit=1)


@pytest.mark.parametrize(
    ("path", "text", "hint"),
    [
        ("users", 'department eq "IT"', "supportedAttributes"),
        ("users", 'updatedAt ge "2026-01-01T00:00:00Z"', "supportedAttributes"),
        ("users", 'username co "a"', "supportedOperators"),
        ("users", f'population.id sw "{EMPLOYEES}"', "supportedOperators"),
        ("users", 'memberOfGroups[type eq "DIRECT"]', "supportedAttributes"),
        ("users", 'memberOfGroups[name eq "VPN"]', "supportedAttributes"),
        ("groups", 'description eq "x"', "supportedAttributes"),
        ("roles", 'name eq "x"', "supportedAttributes"),
        ("users", "username eq mara", None),
        ("users", 'enabled eq "true"', None),
        ("users", 'username eq "mara" and', None),
        ("users", "username eq 'mara'", None),
    ],
)
def test_a_filter_that_pingone_does_not_know_is_refused(
    tenant: Tenant, path: str, text: str, hint: str | None
):
    """An unsupported filter is refused with the list of supported attributes or operators."""
    answer = tenant.ask(path, params={"filter": text})
    assert (400, "INVALID_FILTER") == refusal(answer)[::2]
    assert hint in (answer.json()["details"][0].get("innerError") or {None: None})


def test_changed_users_can_be_asked_for(tenant: Tenant):
    """Users can be filtered by `updatedAt` where the tenant allows it."""
    tenant.pingone.switches.updated_at_filter = True
    tenant.pingone.update_user(NORA, title="Analyst")
    tenant.pingone.sign_on(MARA)
    assert [NORA] == tenant.ids("users", filter='updatedAt ge "2026-08-20T10:00:00Z"')


def test_nested_dynamic_and_external_groups_say_how_a_user_is_in(tenant: Tenant):
    """A membership says whether it is direct or indirect, in nested, dynamic and external groups.

    Payments is inside Finance and Finance inside Payments: the circle ends, and both have everyone.
    """
    path = f"users/{MARA}/memberOfGroups"
    assert {ALL: "INDIRECT", PAYMENTS: "DIRECT", MANAGERS: "INDIRECT"} == tenant.types(path)
    assert [ALL, MANAGERS] == tenant.ids(path, filter='type eq "INDIRECT"')
    assert {PARTNERS: "DIRECT"} == tenant.types(f"users/{TOBE}/memberOfGroups")
    assert 404 == tenant.ask(f"users/{TOBE}/memberOfGroups/{ALL}").status_code
    assert {ALL: "DIRECT"} == tenant.types(f"groups/{PAYMENTS}/memberOfGroups")
    assert [PAYMENTS] == tenant.ids("groups", filter=f'memberOfGroups[id eq "{ALL}"]')

    tenant.ask(f"users/{NORA}", "PATCH", json={"title": "Manager"})
    assert [MARA, NORA] == tenant.ids("users", filter=f'memberOfGroups[id eq "{MANAGERS}"]')

    switches = tenant.pingone.switches
    switches.dynamic_type = None
    assert None is tenant.types(path)[MANAGERS]
    switches.membership_type_missing = True
    assert {None} == set(tenant.types(path).values())
    switches.nesting_type, switches.group_filter_supported = "untyped", False
    assert {ALL: None} == tenant.types(f"groups/{PAYMENTS}/memberOfGroups")
    answer = tenant.ask(f'groups?filter=memberOfGroups[id eq "{PAYMENTS}"]')
    assert (400, "INVALID_FILTER") == refusal(answer)[::2]


def test_too_many_requests_in_a_second_are_told_to_wait(tenant: Tenant):
    """Requests above the limit of a second get a 429 with a Retry-After."""
    tenant.pingone.switches.rate_limit = 2
    tenant.ticks += 5
    answers = [tenant.ask("users?limit=1") for _ in range(3)]
    assert [200, 200, 429] == [answer.status_code for answer in answers]
    assert (429, "REQUEST_LIMITED", "LIMIT_EXCEEDED", None) == refusal(answers[-1])
    assert "1" == answers[-1].headers["retry-after"]
    tenant.ticks += 1
    assert 200 == tenant.ask("users?limit=1").status_code


def test_what_is_not_there_is_not_found(tenant: Tenant):
    """Unknown paths, objects and environments are answered with 404."""
    for path in ("devices", f"groups/{ALL}/users", f"users/{ALL}", "users/"):
        assert (404, "NOT_FOUND", None, None) == refusal(tenant.ask(path))
    elsewhere = tenant.http.get(f"{tenant.server.url}/v1/environments/{MARA}/users")
    assert f"Unable to find environment with ID: '{MARA}'" == elsewhere.json()["message"]
