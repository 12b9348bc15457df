"""The sandbox's Okta logs every change, and its index may lag behind."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.okta_tenant import ADA, FINANCE, KIM, MARA, NORA, OLD, SERVICE, Tenant, refusal


@pytest.fixture
def tenant() -> Iterator[Tenant]:
    with (made := Tenant()).server:
        yield made


def test_the_log_names_every_write_and_its_token(tenant: Tenant):
    """The log has every write with the token that made it, in the order of its persistence."""
    tenant.ask(f"groups/{FINANCE}/users/{ADA}", "PUT")
    tenant.ask(f"users/{OLD}", "DELETE")
    tenant.okta.suspend(MARA)
    log = tenant.rows_of_log()
    assert [
        "group.user_membership.add",
        "application.user_membership.add",
        "user.lifecycle.delete.initiated",
        "user.lifecycle.delete.completed",
        "user.lifecycle.suspend",
    ] == [event["eventType"] for event in log]
    token = tenant.okta.api_tokens[tenant.okta.token].id
    assert {"requestApiTokenId": token} == log[0]["transaction"]["detail"]
    assert {} == log[-1]["transaction"]["detail"]
    assert [ADA, FINANCE] == [one["id"] for one in log[0]["target"]]
    tenant.okta.assign_role(NORA, "ORG_ADMIN")
    assert ["user.account.privilege.grant"] == [
        event["eventType"]
        for event in tenant.rows("logs", filter=f'target.id eq "{NORA}"', sortOrder="DESCENDING")
    ]


def test_polling_goes_on_where_it_stopped(tenant: Tenant):
    """A polling read always has a next page, which finds what was persisted since, even if old."""
    tenant.okta.suspend(MARA)
    first = tenant.ask("logs?limit=10&since=2026-08-20T09:00:00Z")
    empty = tenant.http.get(first.links["next"]["url"])
    assert ([], True) == (empty.json(), "next" in empty.links)
    again = tenant.http.get(empty.links["next"]["url"])
    assert empty.links["next"]["url"] == again.links["next"]["url"]
    tenant.passes(1)
    late = tenant.okta.emit("user.lifecycle.activate", published="2026-08-19T00:00:00.000Z")
    later = tenant.http.get(empty.links["next"]["url"]).json()
    assert [late["uuid"]] == [event["uuid"] for event in later]
    tenant.okta.switches.log_lag = 10
    tenant.okta.unsuspend(MARA)
    assert [] == tenant.http.get(first.links["next"]["url"]).json()[1:]
    tenant.passes(10)
    assert 2 == len(tenant.http.get(first.links["next"]["url"]).json())


def test_a_bounded_read_ends_and_old_events_are_gone(tenant: Tenant):
    """A bounded read ends; events are kept for ninety days, and a far `since` is refused."""
    for _ in range(2):
        tenant.okta.suspend(MARA)
        tenant.okta.unsuspend(MARA)
        tenant.passes(60)
    until = "2026-08-20T10:01:00.000Z"
    assert 2 == len(tenant.rows("logs", until=until, limit=1))
    assert 4 == len(tenant.rows("logs", q="suspend", sortOrder="DESCENDING", limit=1))
    for path in (
        "logs?limit=1001",
        "logs?since=2026-08-20T00:00:00Z&after=x",
        "logs?since=2026-01-01T00:00:00Z",
        "logs?sortOrder=UP",
    ):
        assert (400, "E0000001") == refusal(tenant.ask(path))
    assert (400, "E0000030") == refusal(tenant.ask("logs?since=yesterday"))
    tenant.passes(86_400 * 8)
    assert [] == tenant.ask("logs").json()
    assert 4 == len(tenant.ask("logs?since=2026-08-01T00:00:00Z").json())
    tenant.time += (tenant.time - tenant.time.replace(day=1)) * 4
    assert [] == tenant.ask("logs?since=2026-08-20T00:00:00Z").json()


def test_a_search_may_lag_behind_a_write(tenant: Tenant):
    """Search and filter may show the state before a write for a while; reads by id do not."""
    tenant.okta.switches.index_lag = 5
    made = tenant.ask("users?activate=false", "POST", json={"profile": KIM}).json()["id"]
    assert 200 == tenant.ask(f"users/{made}").status_code
    assert made in tenant.ids("users")
    query = {"search": 'profile.login eq "kim@example.com"'}
    assert [] == tenant.ids("users", **query)
    tenant.passes(6)
    assert [made] == tenant.ids("users", **query)


def test_a_service_app_writes_as_itself(tenant: Tenant):
    """A service app's writes need its scope, and name it as their actor."""
    tenant.add_service_app("okta.groups.manage", "okta.users.read")
    tenant.sign_in("okta.groups.manage okta.users.read")
    assert 204 == tenant.ask(f"groups/{FINANCE}/users/{ADA}", "PUT").status_code
    assert (403, "E0000006") == refusal(tenant.change(MARA, title="CFO"))
    _, event = tenant.okta.events[0]
    assert (SERVICE, "PublicClientApp") == (event["actor"]["id"], event["actor"]["type"])
