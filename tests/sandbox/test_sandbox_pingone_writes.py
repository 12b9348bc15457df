"""The sandbox's PingOne accepts the writes that PingOne documents, and refuses the others."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

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
    READER,
    Tenant,
    refusal,
)

LOCK = "application/vnd.pingidentity.account.lock+json"


@pytest.fixture
def tenant() -> Iterator[Tenant]:
    with (made := Tenant().sign_in()).server:
        yield made


def test_a_provisioned_account_lives_and_dies_as_documented(tenant: Tenant):
    """A user can be created, changed, locked and deleted as documented."""
    new = {"username": "kim", "email": "kim@example.com", "enabled": False}
    made = tenant.ask("users", "POST", json=new)
    kim = made.json()["id"]
    assert (201, True) == (made.status_code, made.json()["enabled"])  # enabled from the start
    taken = tenant.ask("users", "POST", json=new | {"username": "KIM"})
    assert (400, "INVALID_DATA", "UNIQUENESS_VIOLATION", "username") == refusal(taken)
    assert 415 == tenant.ask("users", "POST", data="username=kim").status_code

    patched = tenant.ask(f"users/{kim}", "PATCH", json={"title": "Clerk", "enabled": False})
    assert ("Clerk", True) == (patched.json()["title"], patched.json()["enabled"])
    put = tenant.ask(f"users/{kim}", "PUT", json=new)
    assert "title" not in put.json() and put.json()["population"]["id"] == EMPLOYEES
    off = tenant.ask(f"users/{kim}/enabled", "PUT", json={"enabled": False})
    assert {"_links", "enabled"} == set(off.json()) and off.json()["enabled"] is False
    locked = tenant.ask(f"users/{kim}", "POST", headers={"content-type": LOCK}).json()
    assert {"status": "LOCKED", "canAuthenticate": False} == {
        name: locked["account"][name] for name in ("status", "canAuthenticate")
    }

    tenant.ask(f"users/{kim}/memberOfGroups", "POST", json={"id": ALL})
    assert 2 == tenant.ask(f"groups/{ALL}").json()["directMemberCounts"]["users"]
    assert 204 == tenant.ask(f"users/{kim}", "DELETE").status_code
    assert (404, "NOT_FOUND", None, None) == refusal(tenant.ask(f"users/{kim}", "DELETE"))
    assert 1 == tenant.ask(f"groups/{ALL}").json()["directMemberCounts"]["users"]
    assert kim not in tenant.ids("users", filter=f'memberOfGroups[id eq "{ALL}"]')


def test_memberships_change_only_where_a_person_may_change_them(tenant: Tenant):
    """Memberships of dynamic and external groups cannot be changed; a second one is refused."""
    path = f"users/{NORA}/memberOfGroups"
    added = tenant.ask(path, "POST", json={"id": PAYMENTS})
    assert (201, PAYMENTS, "DIRECT") == (
        added.status_code,
        added.json()["id"],
        added.json()["type"],
    )
    assert "2026-08-20T10:00:00.000Z" == tenant.ask(f"users/{NORA}").json()["updatedAt"]
    again = tenant.ask(path, "POST", json={"id": PAYMENTS})
    assert (400, "INVALID_DATA", "UNIQUENESS_VIOLATION", "id") == refusal(again)
    tenant.pingone.switches.add_existing_member = 201
    assert 201 == tenant.ask(path, "POST", json={"id": PAYMENTS}).status_code
    for group_id in (MANAGERS, PARTNERS):
        assert 400 == tenant.ask(path, "POST", json={"id": group_id}).status_code

    tenant.ask(f"users/{NORA}/population", "PUT", json={"id": CONTRACTORS})
    assert {ALL: "DIRECT", PAYMENTS: "INDIRECT"} == tenant.types(path)
    assert 204 == tenant.ask(f"{path}/{ALL}", "DELETE").status_code
    assert 404 == tenant.ask(f"{path}/{ALL}", "DELETE").status_code
    assert [] == tenant.rows(path)


def test_a_role_is_held_once_and_a_wider_scope_is_enough(tenant: Tenant):
    """A role is assigned once: the same or a narrower scope is refused."""
    path, here = f"users/{MARA}/roleAssignments", tenant.pingone.environment_id

    def assign(kind: str, scope_id: str) -> requests.Response:
        scope = {"id": scope_id, "type": kind}
        return tenant.ask(path, "POST", json={"role": {"id": READER}, "scope": scope})

    narrow = assign("POPULATION", EMPLOYEES)
    assert (201, {"id": MARA}) == (narrow.status_code, narrow.json()["user"])
    assert 201 == assign("ENVIRONMENT", here).status_code
    duplicate = (400, "INVALID_DATA", "UNIQUENESS_VIOLATION", "role")
    assert duplicate == refusal(assign("ENVIRONMENT", here))
    assert duplicate == refusal(assign("POPULATION", CONTRACTORS))
    assert 2 == len(tenant.rows(path, limit=1))  # never paged
    assert 204 == tenant.ask(f"{path}/{narrow.json()['id']}", "DELETE").status_code

    fixed = tenant.pingone.assign_role(PAYMENTS, READER, "ENVIRONMENT", here, read_only=True)
    answer = tenant.ask(f"groups/{PAYMENTS}/roleAssignments/{fixed['id']}", "DELETE")
    assert f"Role assignment {fixed['id']} cannot be deleted as it is read only" in answer.text

    assert [None] == [row.get("inheritanceType") for row in tenant.rows(path)]
    tenant.pingone.switches.inherited_assignments = "marked"
    marks = {row["id"]: row["inheritanceType"] for row in tenant.rows(path)}
    assert "INDIRECT" == marks.pop(fixed["id"]) and ["DIRECT"] == [*marks.values()]


def test_the_audit_log_names_every_write_for_fourteen_days(tenant: Tenant):
    """The audit log has every write of the last fourteen days, and requires a time filter."""
    tenant.ask(f"users/{MARA}/memberOfGroups/{PAYMENTS}", "DELETE")
    tenant.ask(f"users/{NORA}", "DELETE")
    since = 'recordedat ge "2026-08-20T00:00:00.000Z"'
    log = {row["action"]["type"]: row for row in tenant.rows("activities", filter=since)}
    assert {"MEMBER_OF_GROUP.DELETED", "USER.DELETED"} == set(log)
    [resource] = log["MEMBER_OF_GROUP.DELETED"]["resources"]
    assert f"{tenant.root}/users/{MARA}/memberOfGroups/{PAYMENTS}" == resource["href"]
    assert tenant.pingone.client_id == log["USER.DELETED"]["actors"]["client"]["id"]

    only = f'{since} and action.type eq "USER.DELETED"'
    assert [log["USER.DELETED"]["id"]] == tenant.ids("activities", filter=only)
    assert 1 == tenant.ask("activities", "POST", json={"filter": only}).json()["size"]
    for text in ("", 'action.type eq "USER.DELETED"', f'{only} and resources.id eq "{NORA}"'):
        answer = tenant.ask("activities", params={"filter": text})
        assert (400, "INVALID_FILTER") == refusal(answer)[::2]

    tenant.ticks += 60
    tenant.time += timedelta(days=14, seconds=1)
    assert [] == tenant.rows("activities", filter=since)


def test_a_read_may_lag_behind_a_write(tenant: Tenant):
    """A read may show the state before a write for a while."""
    tenant.pingone.switches.read_lag = 5
    tenant.ask(f"users/{MARA}/memberOfGroups/{PAYMENTS}", "DELETE")
    assert 200 == tenant.ask(f"users/{MARA}/memberOfGroups/{PAYMENTS}").status_code
    tenant.ticks += 6
    assert 404 == tenant.ask(f"users/{MARA}/memberOfGroups/{PAYMENTS}").status_code
