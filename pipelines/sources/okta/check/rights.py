"""Compares the scopes and admin roles of the write credential with what it is to change."""

from __future__ import annotations

from dataclasses import dataclass

from pipelines.failures import Denied, Unreadable
from pipelines.http.auth import FixedToken
from pipelines.sources.okta import translation
from pipelines.sources.okta.service_app import ServiceAppToken
from pipelines.sources.okta.writer import Provisioner
from pipelines.sources.probe import ProbeWarning


@dataclass(frozen=True)
class Area:
    """A kind of change, and what lets a credential make it ("Standard administrator roles" and
    "Permissions" of custom roles)."""

    what: str
    scope: str
    roles: frozenset[str]
    permissions: frozenset[str]
    right: str


ACCOUNTS = Area(
    "accounts",
    "okta.users.manage",
    frozenset({"SUPER_ADMIN", "ORG_ADMIN", "USER_ADMIN"}),
    frozenset({"okta.users.manage", "okta.users.lifecycle.manage"}),
    translation.USERS_RIGHT,
)
MEMBERS = Area(
    "members of groups",
    "okta.groups.manage",
    ACCOUNTS.roles | {"GROUP_MEMBERSHIP_ADMIN"},
    frozenset({"okta.groups.manage", "okta.groups.members.manage"}),
    translation.GROUPS_RIGHT,
)
GROUPS = Area(
    "groups",
    "okta.groups.manage",
    ACCOUNTS.roles,
    frozenset({"okta.groups.manage"}),
    translation.GROUPS_RIGHT,
)
ADMIN_ROLES = Area(
    "admin roles",
    "okta.roles.manage",
    frozenset({"SUPER_ADMIN"}),
    frozenset(),
    translation.ROLES_RIGHT,
)
APPLICATIONS = Area(
    "applications",
    "okta.apps.manage",
    frozenset({"SUPER_ADMIN", "APP_ADMIN"}),
    frozenset({"okta.apps.manage", "okta.apps.assignment.manage"}),
    translation.APPLICATIONS_RIGHT,
)
PUSH_AREAS = [ACCOUNTS, GROUPS, MEMBERS]


def list_areas(writer: Provisioner) -> list[Area]:
    """Return what plans of revocations, grants and the leavers' policy may change."""
    return [ACCOUNTS, MEMBERS, ADMIN_ROLES, *[APPLICATIONS] * writer.choices.unassign_apps]


def check_rights(writer: Provisioner, areas: list[Area]) -> str:
    """Compare the scopes and admin roles of the credential, whatever their targets, with what it
    needs."""
    held, unknown = set[str](), ""
    try:
        held = list_own_rights(writer)
    except (Denied, Unreadable) as failure:
        unknown = failure.why
    signer, lacks = writer.okta.connection.signer, []
    for area in areas:
        if isinstance(signer, ServiceAppToken) and area.scope not in signer.granted:
            lacks.append((area, f"the scope {area.scope}"))
        elif not unknown and not held & (area.roles | area.permissions):
            lacks.append((area, f"an admin role for {area.what}"))
    if lacks:
        raise ProbeWarning(
            f"it lacks {', '.join(what for _, what in lacks)}",
            "; ".join(f"for {area.what} give it {area.right}" for area, _ in lacks),
        )
    if unknown:
        raise ProbeWarning(
            f"its admin roles are unknown until it changes something ({unknown})",
            "let it read admin roles (okta.roles.read), or see what `apply` says",
        )
    return f"may change {', '.join(area.what for area in areas)}"


def list_own_rights(writer: Provisioner) -> set[str]:
    """Return the types of the admin roles that the write credential holds, and the permissions of
    its custom roles."""
    okta, right = writer.okta, translation.ROLES_RIGHT
    path = (
        f"users/{writer.own_users[0]}/roles"
        if isinstance(okta.connection.signer, FixedToken)
        else f"{okta.url}/oauth2/v1/clients/{writer.clients[0]}/roles"
    )
    found = set()
    for row in okta.read_rows("roles", path, right=right):
        if row.get("status") == "INACTIVE":
            continue
        found.add(str(row.get("type")))
        if row.get("type") == "CUSTOM":
            path = f"iam/roles/{row.get('role')}/permissions"
            rows = okta.read_rows("roles", path, right=right, rows="permissions")
            found |= {str(one.get("label")) for one in rows}
    return found
