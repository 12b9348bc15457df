"""The expected accounts, entitlements and grants of Okta; see `oracle`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.sandbox.okta.server import Okta
from tests.support.facts import Facts

STATUSES = {
    **dict.fromkeys(
        ("PROVISIONED", "ACTIVE", "RECOVERY", "PASSWORD_EXPIRED", "LOCKED_OUT"), "enabled"
    ),
    **dict.fromkeys(("STAGED", "SUSPENDED", "DEPROVISIONED"), "disabled"),
}


def okta(org: Okta) -> Facts:
    """Return the accounts, entitlements and grants that Okta's state implies."""
    told = Facts()
    for key, user in org.users.items():
        told.accounts[f"okta:user:{key}"] = STATUSES.get(user["status"], "unknown")
    for key, app in org.applications.items():
        if is_service(app):
            client = app["credentials"]["oauthClient"]["client_id"]
            told.accounts[f"okta:client:{client}"] = (
                "enabled" if app["status"] == "ACTIVE" else "disabled"
            )
        else:
            told.entitlements.add(f"okta:application:{key}:assigned")
    for key in org.groups:
        told.entitlements.add(group(key))
        for user in members_of(org, key):
            told.direct.add((f"okta:user:{user}", group(key), None))
    add_applications(told, org)
    told.entitlements |= {f"okta:role:{key}:assigned" for key in org.roles}
    for holder, role, scope in roles_of(org):
        entitlement = f"okta:role:{role}:assigned"
        told.entitlements.add(entitlement)
        if holder in org.groups:
            told.gives[group(holder)].add((entitlement, scope))
        else:
            kind = "user" if holder in org.users else "client"
            told.direct.add((f"okta:{kind}:{holder}", entitlement, scope))
    return told


def group(key: str) -> str:
    return f"okta:group:{key}:member"


def is_service(app: dict[str, Any]) -> bool:
    return app.get("settings", {}).get("oauthClient", {}).get("application_type") == "service"


def is_deactivated(org: Okta, user: str) -> bool:
    return org.users[user]["status"] == "DEPROVISIONED"


def members_of(org: Okta, key: str) -> set[str]:
    """Return the users of a group. Everyone has all who are not deactivated, whatever it lists."""
    if key == org.everyone:
        return {user for user in org.users if not is_deactivated(org, user)}
    return org.members_of(key)


def add_applications(told: Facts, org: Okta) -> None:
    """Add who has which application. A deactivated user has none, also in a group that gives it."""
    for app, user in org.app_users:
        if not is_deactivated(org, user):
            told.direct.add((f"okta:user:{user}", f"okta:application:{app}:assigned", None))
    for app, key in org.app_groups:
        for user in members_of(org, key):
            if not is_deactivated(org, user):
                given = f"okta:application:{app}:assigned"
                told.through.add((f"okta:user:{user}", group(key), given))


def roles_of(org: Okta) -> Iterator[tuple[str, str, str | None]]:
    """Yield every holder, role and scope. A standard role without targets has no scope."""
    for holder, held in org.assignments.items():
        for row in held:
            targets = row.get("targets") or {}
            scopes: list[str | None] = [f"okta:group:{key}" for key in targets.get("groups", ())]
            scopes += [f"okta:application:{key}" for key in targets.get("apps", ())]
            if row["status"] != "INACTIVE":
                yield from ((holder, row["type"], scope) for scope in scopes or [None])
    for (resource_set, role), members in org.bindings.items():
        for member in members.values():
            yield member["principal"], role, f"okta:resource_set:{resource_set}"
