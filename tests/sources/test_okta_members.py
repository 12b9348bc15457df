"""Members, admin roles and what is gone meanwhile: read completely, or the source fails."""

from __future__ import annotations

import pytest

from pipelines.failures import Misconfigured
from pipelines.sources.okta import scope
from tests.sandbox.server import Fault, Request, Response
from tests.support.faults import Effect, status, then
from tests.support.okta_org import ERROR, Org, add_users, last_page, strikes
from tests.support.okta_org import org as org
from tests.support.okta_tenant import ADA, ADMINS, FINANCE, IMPORTED, MARA, OLD, PAYROLL, ROLE

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
