"""The sandbox's Okta changes groups, rules, roles and applications as Okta documents."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.okta_tenant import (
    ADA,
    ADMINS,
    FINANCE,
    IMPORTED,
    KIM,
    MARA,
    NORA,
    OLD,
    PAYROLL,
    ROLE,
    RULE,
    RULED,
    SET,
    Tenant,
    refusal,
)


@pytest.fixture
def tenant() -> Iterator[Tenant]:
    with (made := Tenant()).server:
        yield made


# ---- groups and rules


def test_a_group_is_named_once_with_its_case(tenant: Tenant):
    """A native group's name is unique with its case; imported groups may repeat it."""
    assert (400, "E0000001") == refusal(
        tenant.ask("groups", "POST", json={"profile": {"name": "Finance"}})
    )
    made = tenant.ask("groups", "POST", json={"profile": {"name": "finance"}})
    assert (200, "OKTA_GROUP") == (made.status_code, made.json()["type"])
    path = f"groups/{made.json()['id']}"
    renamed = tenant.ask(path, "PUT", json={"profile": {"name": "Finance", "description": "x"}})
    assert (400, "E0000001") == refusal(renamed)
    assert 200 == tenant.ask(path, "PUT", json={"profile": {"name": "Finance 2"}}).status_code
    profile = {"profile": {"name": "Finance 2", "mark": "x"}}
    assert (400, "E0000001") == refusal(tenant.ask(path, "PUT", json=profile))
    assert 204 == tenant.ask(path, "DELETE").status_code
    assert (404, "E0000007") == refusal(tenant.ask(path))
    assert (403, "E0000006") == refusal(tenant.ask(f"groups/{IMPORTED}", "DELETE"))


def test_members_change_in_native_groups_only(tenant: Tenant):
    """Members of native groups can be changed, and again; the user's lastUpdated stays."""
    path, before = f"groups/{FINANCE}/users/{NORA}", tenant.ask(f"users/{NORA}").json()
    tenant.passes(60)
    for _ in range(2):
        assert 204 == tenant.ask(path, "PUT").status_code
    group = tenant.ask(f"groups/{FINANCE}").json()
    assert ("2026-08-20T10:01:00.000Z", before["lastUpdated"]) == (
        group["lastMembershipUpdated"],
        tenant.ask(f"users/{NORA}").json()["lastUpdated"],
    )
    assert group["lastUpdated"] < group["lastMembershipUpdated"]
    for _ in range(2):
        assert 204 == tenant.ask(path, "DELETE").status_code
    tenant.okta.switches.remove_absent_member = 404
    assert (404, "E0000007") == refusal(tenant.ask(path, "DELETE"))
    for group_id in (IMPORTED, tenant.okta.everyone):
        assert (403, "E0000006") == refusal(tenant.ask(f"groups/{group_id}/users/{MARA}", "PUT"))
    assert (404, "E0000007") == refusal(tenant.ask(f"groups/{FINANCE}/users/00u", "PUT"))
    old = f"groups/{ADMINS}/users/{OLD}"
    assert (400, "E0000001") == refusal(tenant.ask(old, "PUT"))
    tenant.okta.switches.add_deprovisioned_member = 403
    assert (403, "E0000038") == refusal(tenant.ask(old, "PUT"))
    assert 204 == tenant.ask(f"groups/{FINANCE}/users/{OLD}", "DELETE").status_code


def test_a_rule_follows_profiles_and_states(tenant: Tenant):
    """An active rule adds and removes when profiles change, and looks at no staged user."""
    tenant.change(MARA, userType="Contractor")
    assert {MARA, NORA} == {*tenant.ids(f"groups/{RULED}/users")}
    tenant.change(MARA, userType="Employee")
    assert [NORA] == tenant.ids(f"groups/{RULED}/users")
    profile = KIM | {"userType": "Contractor"}
    kim_id = tenant.ask("users?activate=false", "POST", json={"profile": profile}).json()["id"]
    assert [NORA] == tenant.ids(f"groups/{RULED}/users")
    tenant.okta.switches.rule_lag = 30
    tenant.step(kim_id, "activate", "?sendEmail=false")
    assert [NORA] == tenant.ids(f"groups/{RULED}/users")
    tenant.passes(30)
    assert {NORA, kim_id} == {*tenant.ids(f"groups/{RULED}/users")}
    tenant.step(kim_id, "deactivate")
    tenant.okta.activate_rule(RULE)  # looks at everybody, but not at the deactivated
    tenant.passes(30)
    assert {NORA, kim_id} == {*tenant.ids(f"groups/{RULED}/users")}


def test_removing_what_a_rule_gives_excludes_the_user(tenant: Tenant):
    """Removing a rule's member excludes the user from the rule, a hundred at most."""
    assert 204 == tenant.ask(f"groups/{RULED}/users/{NORA}", "DELETE").status_code
    rule = tenant.ask(f"groups/rules/{RULE}").json()
    assert [NORA] == rule["conditions"]["people"]["users"]["exclude"]
    tenant.change(NORA, title="Clerk")
    assert [] == tenant.ids(f"groups/{RULED}/users")
    tenant.okta.switches.rule_exclusions = 1
    tenant.change(MARA, userType="Contractor")
    assert (400, "E0000001") == refusal(tenant.ask(f"groups/{RULED}/users/{MARA}", "DELETE"))
    actors = {event["eventType"]: event["actor"]["type"] for event in tenant.rows_of_log()}
    assert "SystemPrincipal" == actors["group.user_membership.rule.add_exclusion"]
    assert "SystemPrincipal" == actors["group.user_membership.add"]  # Mara, by the rule
    assert "User" == actors["group.user_membership.remove"]


def test_a_rule_may_look_at_groups(tenant: Tenant):
    """A rule with a group in its condition follows memberships; a bad expression is refused."""
    made = tenant.okta.add_group("Payments")
    text = f'isMemberOfAnyGroup("{FINANCE}") && !(user.title == "Clerk" or user.badge > 8)'
    rule = tenant.okta.add_rule("Payments", text, made["id"])
    tenant.okta.activate_rule(rule["id"])
    assert [MARA] == tenant.ids(f"groups/{made['id']}/users")
    tenant.ask(f"groups/{FINANCE}/users/{MARA}", "DELETE")
    assert [] == tenant.ids(f"groups/{made['id']}/users")
    for wrong in ('user.title = "x"', "nothing(user.title)", "user.title =="):
        with pytest.raises(Exception, match="E0000001"):
            tenant.okta.add_rule("Wrong", wrong, made["id"])
    with pytest.raises(Exception, match="E0000001"):
        tenant.okta.add_rule("Admins", 'user.title == "x"', ADMINS)


# ---- roles and applications


def test_a_role_is_held_once_and_not_by_every_group(tenant: Tenant):
    """A role is assigned once, and not to imported, built-in or rule-filled groups."""
    path = f"users/{MARA}/roles"
    made = tenant.ask(path, "POST", json={"type": "HELP_DESK_ADMIN"})
    assert (201, "USER") == (made.status_code, made.json()["assignmentType"])
    again = tenant.ask(path, "POST", json={"type": "HELP_DESK_ADMIN"})
    assert (409, "E0000090") == refusal(again)
    for group_id, code in (
        (RULED, "E0000192"),
        (IMPORTED, "E0000194"),
        (tenant.okta.everyone, "E0000211"),
    ):
        answer = tenant.ask(f"groups/{group_id}/roles", "POST", json={"type": "ORG_ADMIN"})
        assert (400, code) == refusal(answer)
    assert (400, "E0000001") == refusal(tenant.ask(path, "POST", json={"type": "KING"}))
    [inherited] = tenant.ask(f"users/{ADA}/roles").json()
    answer = tenant.ask(f"users/{ADA}/roles/{inherited['id']}", "DELETE")
    assert (404, "E0000007") == refusal(answer)
    assert 204 == tenant.ask(f"{path}/{made.json()['id']}", "DELETE").status_code
    custom = {"type": "CUSTOM", "role": ROLE, "resource-set": SET}
    made = tenant.ask(path, "POST", json=custom).json()
    assert (ROLE, SET) == (made["role"], made["resource-set"])
    assert 204 == tenant.ask(f"{path}/{made['id']}", "DELETE").status_code


def test_a_role_loses_one_limit_but_never_the_last(tenant: Tenant):
    """A limit of a role is taken away by itself; without the last one the role had none."""
    made = tenant.okta.assign_role(MARA, "APP_ADMIN", apps=[PAYROLL, "salesforce"])
    path = f"users/{MARA}/roles/{made['id']}/targets/catalog/apps"

    assert 204 == tenant.ask(f"{path}/salesforce", "DELETE").status_code
    assert (404, "E0000007") == refusal(tenant.ask(f"{path}/salesforce", "DELETE"))
    assert (400, "E0000001") == refusal(tenant.ask(f"{path}/payroll/{PAYROLL}", "DELETE"))
    assert {"apps": [PAYROLL]} == tenant.okta.assignments[MARA][0]["targets"]


def test_a_binding_is_changed_by_its_members(tenant: Tenant):
    """Members of a binding are added by their URL and removed by their own id."""
    path = f"iam/resource-sets/{SET}/bindings"
    href = f"{tenant.root}/users/{MARA}"
    added = tenant.ask(f"{path}/{ROLE}/members", "PATCH", json={"additions": [href]})
    assert 200 == added.status_code
    again = tenant.ask(f"{path}/{ROLE}/members", "PATCH", json={"additions": [href]})
    assert (409, "E0000263") == refusal(again)
    members = tenant.enveloped(f"{path}/{ROLE}/members", "members")
    assert 4 == len(members)
    for member in members:
        gone = tenant.ask(f"{path}/{ROLE}/members/{member['id']}", "DELETE")
        assert 204 == gone.status_code
    assert (404, "E0000007") == refusal(tenant.ask(f"{path}/{ROLE}/members"))
    created = tenant.ask(path, "POST", json={"role": ROLE, "members": [href]})
    assert 200 == created.status_code
    assert 1 == len(tenant.enveloped(f"{path}/{ROLE}/members", "members"))


def test_an_application_is_taken_from_its_direct_users_only(tenant: Tenant):
    """An own assignment can be removed; one through a group stays with the group."""
    assert 204 == tenant.ask(f"apps/{PAYROLL}/users/{NORA}", "DELETE").status_code
    assert (404, "E0000007") == refusal(tenant.ask(f"apps/{PAYROLL}/users/{NORA}"))
    assert (400, "E0000001") == refusal(tenant.ask(f"apps/{PAYROLL}/users/{MARA}", "DELETE"))
    assert 200 == tenant.ask(f"apps/{PAYROLL}/users", "POST", json={"id": MARA}).status_code
    assert "USER" == tenant.ask(f"apps/{PAYROLL}/users/{MARA}").json()["scope"]
    assert 204 == tenant.ask(f"apps/{PAYROLL}/users/{MARA}", "DELETE").status_code
    assert "GROUP" == tenant.ask(f"apps/{PAYROLL}/users/{MARA}").json()["scope"]
    assert 204 == tenant.ask(f"apps/{PAYROLL}/groups/{FINANCE}", "DELETE").status_code
    assert [] == tenant.ids(f"apps/{PAYROLL}/users")


def test_a_weaker_administrator_changes_no_administrators(tenant: Tenant):
    """Administrators and their groups are changed only by those who manage roles."""
    tenant.okta.assignments[tenant.okta.owner][0]["type"] = "USER_ADMIN"
    tenant.okta.touch()
    kim = tenant.ask("users", "POST", json={"profile": KIM}).json()["id"]
    assert 200 == tenant.change(kim, title="CFO").status_code
    assert (403, "E0000006") == refusal(tenant.change(ADA, title="CFO"))
    assert (403, "E0000006") == refusal(tenant.ask(f"groups/{ADMINS}/users/{MARA}", "PUT"))
    assert (403, "E0000006") == refusal(
        tenant.ask(f"users/{MARA}/roles", "POST", json={"type": "ORG_ADMIN"})
    )
    tenant.okta.assignments[tenant.okta.owner][0]["type"] = "READ_ONLY_ADMIN"
    tenant.okta.touch()
    assert (403, "E0000006") == refusal(tenant.ask(f"groups/{RULED}/users/{MARA}", "PUT"))
