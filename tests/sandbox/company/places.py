"""Lanternfish's groups, teams and roles in each of the three systems."""

from __future__ import annotations

from tests.sandbox.company import parts as parts
from tests.sandbox.company.parts import ENVIRONMENT, Company, charthop_id, pingone_id, role_id

IT, FINANCE = (1, "IT"), (2, "Finance")
EMPLOYEES = pingone_id("population", 1)
CONTRACTORS = pingone_id("population", 2)
REVIEWER = pingone_id("role", 11)
BILLING = pingone_id("role", 12)


def charthop(made: Company) -> None:
    """Add departments, locations and teams.

    One group type is computed: nobody can edit its members.
    """
    for kind in (
        parts.group_type(1, "Department", "department", many=False),
        parts.group_type(2, "Location", "location", many=False),
        parts.group_type(3, "Team", "team"),
        parts.group_type(4, "Data Access Ring", "dataAccessRing", computed=True),
    ):
        made.charthop.group_types[kind["id"]] = kind
    for number, kind, name in (
        (1, 1, "Executive"),
        (2, 1, "Engineering"),
        (3, 1, "Finance"),
        (4, 1, "People"),
        (5, 1, "Support"),
        (6, 1, "Security"),
        (11, 2, "Bergen"),
        (12, 2, "Remote"),
        (21, 3, "Platform On-call"),
        (22, 3, "Payment Approvers"),
        (23, 3, "Incident Response"),
        (24, 3, "@Everyone Announcements"),
        (31, 4, "Customer Data"),
    ):
        group = {"id": charthop_id("group", number), "typeId": charthop_id("type", kind)}
        group |= {"name": name, "slug": name.lower().strip("@").replace(" ", "-")}
        group |= {"code": f"G{number:03}", "createAt": "2023-01-09T08:00:00Z"}
        made.charthop.groups[group["id"]] = group
    groups = made.charthop.groups
    groups[charthop_id("group", 21)]["parentGroupId"] = charthop_id("group", 2)
    groups[charthop_id("group", 2)]["leadJobIds"] = [charthop_id("job", 5)]
    # archived in 2025; Ada's seat still names this group
    old = groups[charthop_id("group", 21)] | {"id": charthop_id("group", 41)}
    old |= {"name": "Old Ops", "slug": "old-ops", "code": "G041"}
    old |= {"deleteAt": "2025-09-02T11:20:05Z", "deleteId": made.charthop.user_id}
    # an office that opens in 2099
    office = {"id": charthop_id("group", 42), "typeId": charthop_id("type", 2)}
    office |= {"name": "Lisbon", "slug": "lisbon", "startsOn": "2099-01-01"}
    groups |= {old["id"]: old, office["id"]: office}


def haloitsm(made: Company) -> None:
    """Add teams and roles.

    The role Change Approver makes its holders members of the Change Board.
    """
    halo = made.haloitsm
    for team in (
        parts.team(1, "Service Desk", IT),
        parts.team(2, "Network", IT),
        parts.team(3, "Change Board", IT),
        parts.team(4, "Finance Systems", FINANCE),
        parts.team(5, "Old Telephony", IT, inactive=True),
        parts.team(6, "-Night Shift", IT),
    ):
        halo.teams[team["id"]] = team
    for role in (
        parts.halo_role(1, "Administrator", notes="May do everything"),
        parts.halo_role(2, "Technician"),
        parts.halo_role(3, "Change Approver", is_integration=True),
        parts.halo_role(4, "Auditor, read only"),  # the comma is part of the name
    ):
        halo.roles[role["id"]] = role
    row = {"id": 1, "agent_id": None, "team_id": 3, "role_id": role_id(3), "in_section": True}
    halo.memberships.append(row)
    halo.role_holders.add((2, role_id(1)))  # the API agent is an administrator


def pingone(made: Company) -> None:
    """Add nested groups, a circle, a dynamic and an external group, and groups that carry roles."""
    ping = made.pingone
    for population in (
        parts.population(1, "Employees", description="Staff with a payroll record", default=True),
        parts.population(2, "Contractors", default=False),
    ):
        ping.populations[population["id"]] = population
    for group in (
        parts.group(1, "Staff", "Everyone with a desk"),
        parts.group(2, "Finance - all", "Parent of the finance groups"),
        parts.group(3, "Finance - payments", "May release payments"),
        parts.group(4, "Billing Admin", "Carries a role"),
        parts.group(5, "VPN", "Reach the office network"),
        parts.group(6, "Identity Admins", "Carries Identity Data Admin"),
        parts.group(7, "Security on-call", "Inside Identity Admins"),
        parts.group(8, "Managers (dynamic)", userFilter='title eq "Manager"'),
        parts.group(
            9,
            "Domain Admins",
            displayName="LANTERNFISH\\Domain Admins",
            sourceType="GATEWAY",
            sourceId="0a0a0a0a-0000-4000-8000-000000000001",
        ),
        parts.group(10, "Ops North", "Inside Ops South, which is inside Ops North"),
        parts.group(11, "Ops South"),
        parts.group(12, "Contractor guests", population={"id": CONTRACTORS}),
        parts.group(13, "Nobody yet"),
        parts.group(14, "Engineering"),
        parts.group(15, "+Emergency access", "A name that a spreadsheet would calculate"),
    ):
        ping.groups[group["id"]] = group
    for child, parent in ((2, 1), (14, 1), (3, 2), (7, 6), (10, 11), (11, 10)):
        ping.nestings.add((pingone_id("group", child), pingone_id("group", parent)))
    for id_, name in ((REVIEWER, "Access reviewer"), (BILLING, "Billing administrator")):
        role = {"id": id_, "environment": {"id": ENVIRONMENT}, "name": name, "type": "CUSTOM"}
        role |= {"description": f"Custom role: {name.lower()}", "applicableTo": ["ENVIRONMENT"]}
        allowed = "dir:read:user" if id_ == REVIEWER else "billing:update:account"
        ping.roles[id_] = role | {"permissions": [{"id": allowed}]}
    ping.assignments[pingone_id("group", 4)] = [
        parts.assignment(1, BILLING, "ENVIRONMENT", ENVIRONMENT)
    ]
    ping.assignments[pingone_id("group", 6)] = [
        parts.assignment(2, parts.IDENTITY_DATA_ADMIN, "ENVIRONMENT", ENVIRONMENT, read_only=True)
    ]
