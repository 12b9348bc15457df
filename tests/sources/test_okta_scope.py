"""What the settings leave out of Okta stays as an earlier sync read it, and is marked so."""

from __future__ import annotations

import pytest

from tests.support.okta_org import Org
from tests.support.okta_org import org as org
from tests.support.okta_tenant import FINANCE, MARA, NORA, PAYROLL, SERVICE

ROLE_TABLES = (
    *("user_role_assignments", "group_role_assignments", "client_role_assignments"),
    *("roles", "resource_sets", "role_bindings"),
)


@pytest.fixture
def known(org: Org) -> Org:
    app = org.okta.applications[SERVICE]
    app["settings"] = {"oauthClient": {"application_type": "service"}}
    org.okta.add_client(SERVICE, {}, ())
    org.okta.touch()
    assert 0 == org.read().code
    return org


def without_marks(rows: dict[str, dict]) -> dict[str, dict]:
    return {
        key: {name: value for name, value in row.items() if name != "lastReadAt"}
        for key, row in rows.items()
    }


def test_without_admin_roles_they_stay_as_they_were(known):
    """With ADMIN_ROLES=false no role is asked for, and every row of roles stays, with its date."""
    before = known.rows()
    known.okta.assign_role(MARA, "SUPER_ADMIN")
    known.set(admin_roles="false")

    for _ in range(2):
        taken = known.read()
        assert 0 == taken.code and not taken.paths("iam/") + taken.paths("/roles")
        for table in ROLE_TABLES:
            assert before[table] == without_marks(taken.rows[table]), table
            assert all(row["lastReadAt"] for row in taken.rows[table].values())

    known.set(admin_roles="true")
    assert known.read_all().rows == known.read().rows


def test_roles_of_users_who_are_gone_do_not_stay(known):
    """A deleted user's roles do not stay, because the list of users is read."""
    known.set(admin_roles="false")
    known.okta.deactivate(NORA)
    known.okta.delete_user(NORA)

    taken = known.read()

    assert NORA not in taken.rows["user_role_assignments"]
    assert MARA in taken.rows["user_role_assignments"]


def test_without_applications_they_stay_as_they_were(known):
    """With APPLICATIONS=none no application is asked for; all stay, and so do service apps."""
    before = known.rows()
    known.okta.assign_app(PAYROLL, MARA)
    known.set(applications="none")

    taken = known.read()

    assert 0 == taken.code and not taken.paths("apps") + taken.paths("clients")
    for table in ("applications", "application_groups", "client_role_assignments"):
        assert before[table] == without_marks(taken.rows[table]), table
    assert before["application_users"] == without_marks(taken.rows["application_users"])

    known.set(applications="all")
    assert known.read_all().rows == known.read().rows


def test_with_groups_only_own_assignments_stay(known):
    """With APPLICATIONS=groups the groups are read; what users have by themselves stays."""
    known.okta.assign_app(PAYROLL, MARA)
    known.okta.unassign_app_from_group(PAYROLL, FINANCE)
    known.set(applications="groups")

    taken = known.read()

    assert not taken.paths(f"apps/{PAYROLL}/users")
    assert [] == taken.rows["application_groups"][PAYROLL]["groups"]
    kept = taken.rows["application_users"][PAYROLL]
    assert [{"id": NORA, "scope": "USER"}] == kept["users"] and kept["lastReadAt"]

    known.set(applications="all")
    assert known.read_all().rows == known.read().rows


def test_a_first_read_without_them_has_none(org):
    """A first read that leaves something out has no rows of it, and is complete."""
    org.set(applications="none", admin_roles="false")

    taken = org.read()

    assert 0 == taken.code
    assert not any(taken.rows[table] for table in (*ROLE_TABLES, "applications"))
