"""The permissions of a worker application that reads PingOne, by their identifiers ("PingOne
Platform API", "PingOne permissions by identifier"), and a role that has them."""

from __future__ import annotations

DIRECTORY_RIGHT = "the role Identity Data Read Only on the environment"
MEMBERSHIPS_RIGHT = "the permission dir:read:groupMembership (role Identity Data Admin)"
APPLICATIONS_RIGHT = "the permission application:read:application"
ROLES_RIGHT = (
    "the permissions permissions:read:roles and permissions:read:userRoleAssignments,"
    " …:groupRoleAssignments, …:applicationRoleAssignments (role Environment Admin or a custom one)"
)
GATEWAYS_RIGHT = "the permission gateway:read:gateway"
AUDIT_RIGHT = "the permission audit:read:activity"


def describe_list_right(path: str) -> str:
    """Return the permission that shows a list of the directory."""
    return f"the permission dir:read:{path.removesuffix('s')} (role Identity Data Read Only)"


def describe_roles_right(path: str) -> str:
    """Return the permission that shows the roles of these principals."""
    return f"the permission permissions:read:{path.removesuffix('s')}RoleAssignments"
