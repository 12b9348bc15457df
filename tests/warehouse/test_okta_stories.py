"""The stories of the invented company's Okta, as the published tables tell them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.sandbox.company.okta import FINANCE, SECURITY, VPN
from tests.sandbox.company.parts import okta_id
from tests.support.product import Rollcall

HENRIK, IVO, MAREK, PRIYA, VERA, FREYA = 3, 7, 21, 22, 30, 16


@pytest.fixture
def company(rollcall: Rollcall, published) -> Rollcall:
    return rollcall.has(published)


def member(group: int) -> str:
    return f"okta:group:{okta_id('group', group)}:member"


def held(company: Rollcall, user: int) -> dict[tuple[str, str | None], dict[str, Any]]:
    """Return a user's grants, by the name of the entitlement and of the scope."""
    rows = company.rows(
        "select grants.*, display_name, entitlements.is_privileged, change_channel"
        " from grants join entitlements using (entitlement_id)"
        f" where account_id = 'okta:user:{okta_id('user', user)}'"
    )
    return {(row["display_name"], row["scope_name"]): row for row in rows}


def test_an_okta_account_belongs_to_its_person(company):
    """Accounts have Okta's status, and are matched by number, mail or login."""
    rows = company.rows("from accounts where source_name = 'okta' and account_type = 'human'")
    told = {
        row["username"].split("@")[0]: (row["status"], row["source_status"], row["match_rule"])
        for row in rows
    }

    assert ("enabled", "ACTIVE", "employee_number") == told["nora.lind"]  # she has left
    assert ("disabled", "STAGED", "employee_number") == told["theo.vance"]
    assert ("disabled", "DEPROVISIONED", "employee_number") == told["ivo.petrov"]
    assert ("disabled", "SUSPENDED", "employee_number") == told["olu.marsh"]
    assert ("enabled", "LOCKED_OUT", "employee_number") == told["lena.fuchs"]
    assert ("enabled", "ACTIVE", "email") == told["anna.kowalska"]
    assert ("enabled", "ACTIVE", "ambiguous") == told["warehouse"]
    assert ("enabled", "ACTIVE", "none") == told["grace.okoye-admin"]
    [nightly] = company.rows("from accounts where account_id like 'okta:client:%'")
    assert ("service", "enabled", "ticket") == (
        *(nightly[name] for name in ("account_type", "status", "change_channel")),
    )


def test_a_deactivated_user_keeps_groups_and_no_application(company):
    """Ivo's groups would be his again if somebody activated him; the applications went."""
    ivo = held(company, IVO)

    assert {("Old network", None), ("VPN", None)} == {*ivo}
    gives = "select count(*) from grants where access_path = 'Old network > Source code'"
    assert [0] == company.column(gives)


def test_an_application_tells_how_it_is_held(company):
    """Henrik has Payroll by name and through Finance, Vera by name only."""
    both, own = (held(company, user)["Payroll", None] for user in (HENRIK, VERA))

    assert (True, True, [member(FINANCE)]) == (
        *(both[name] for name in ("is_direct", "is_inherited", "inherited_from")),
    )
    assert "Finance > Payroll" == both["access_path"]
    assert (True, False, []) == (
        *(own[name] for name in ("is_direct", "is_inherited", "inherited_from")),
    )


def test_admin_roles_are_held_where_they_are_limited(company):
    """Priya manages two groups, and creates users in Bergen by herself and through Security."""
    priya, freya = held(company, PRIYA), held(company, FREYA)

    assert {"Finance", "VPN"} == {scope for name, scope in priya if name == "Group Administrator"}
    creator = priya["User creator", "Bergen"]
    assert (True, [member(SECURITY)]) == (creator["is_direct"], creator["inherited_from"])
    assert creator["source_grant_id"].startswith("irb")
    help_desk = freya["Help Desk Administrator", None]
    assert (False, "IT admins > Help Desk Administrator") == (
        help_desk["is_direct"],
        help_desk["access_path"],
    )
    assert [True, True, False] == [
        freya[name]["is_privileged"]
        for name in (
            ("IT admins", None),
            ("Help Desk Administrator", None),
            ("Access reviewer", "Everything"),
        )
    ]
    assert "Report Administrator" not in {name for name, _ in held(company, MAREK)}


def test_a_membership_has_a_date_as_far_as_the_log_reaches(company):
    """Two memberships began within the last 90 days; of all others nothing is known."""
    rows = company.rows("from grants where source_name = 'okta' and granted_at is not null")
    [seen] = company.column("select max(started_at) from runs")

    dates = {row["grant_id"]: row["granted_at"] for row in rows}
    users = {30: ("Finance - payments", 20), 101: ("VPN", 40)}
    assert {held(company, user)[name, None]["grant_id"] for user, (name, _) in users.items()} == {
        *dates
    }
    for user, (name, days) in users.items():
        began: datetime = dates[held(company, user)[name, None]["grant_id"]]
        assert timedelta(days=days - 1) < seen - began < timedelta(days=days + 2)


def test_what_nobody_can_change_in_okta_says_why(company):
    """Directories, rules and Okta itself fill some groups; people change applications."""
    rows = company.rows("from entitlements where source_name = 'okta'")
    told = {(row["resource_type"], row["resource_name"]): row for row in rows}

    def channel(kind: str, name: str) -> tuple[str, str | None]:
        return told[kind, name]["change_channel"], told[kind, name]["unchangeable_because"]

    assert ("none", "external") == channel("group", "GG-Treasury")
    assert ("none", "rule_managed") == channel("group", "Contractors")
    assert ("none", "mandatory") == channel("group", "Everyone")
    assert ("api", None) == channel("group", "VPN") == channel("role", "Super Administrator")
    assert ("ticket", None) == channel("application", "Payroll")
    assert ("application", "Nightly provisioning") not in told
    assert member(VPN) in {row["entitlement_id"] for row in rows}
