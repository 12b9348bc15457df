"""What is kept of Okta's objects, and what they say by their fields."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from pipelines.files.json_text import to_text_id
from pipelines.sources.raw_rows import Row

BASE_PROFILE = (
    *("login", "email", "firstName", "lastName", "displayName", "employeeNumber"),
    *("userType", "department", "title"),
)
APPLICATION_FIELDS = ("id", "name", "label", "status", "signOnMode", "created", "lastUpdated")
EVENT_FIELDS = ("uuid", "published", "eventType", "outcome", "actor", "target", "transaction")
PRINCIPAL_HREF = re.compile(r"/(users|groups|clients|apps)/([^/?#]+)")
PRINCIPAL_TYPES = {"users": "user", "groups": "group", "clients": "client", "apps": "client"}
DELETED = "DEPROVISIONED"  # Okta's word for deactivated


def cut_user(row: Row, profile_fields: Iterable[str]) -> Row:
    """Return a user without credentials, links, and the attributes that nobody asked for."""
    kept = {name: value for name, value in row.items() if name != "_links"}
    profile = row.get("profile")
    fields = {*BASE_PROFILE, *profile_fields}
    if isinstance(profile, dict) and "*" not in fields:
        kept["profile"] = {name: value for name, value in profile.items() if name in fields}
    if isinstance(row.get("credentials"), dict):
        provider = row["credentials"].get("provider")
        kept["credentials"] = {} if provider is None else {"provider": provider}
    return kept


def find_schema(user_type: Row) -> str:
    """Return the id of the schema of a type of user, which only its link tells."""
    return str(_dig(user_type, "_links", "schema", "href") or "").rstrip("/").rpartition("/")[2]


def read_attributes(schema: Row) -> dict[str, Row]:
    """Return the attributes that a schema defines, base and custom ones, by name."""
    parts = (_dig(schema, "definitions", part, "properties") for part in ("base", "custom"))
    return {name: one for part in parts for name, one in (part or {}).items()}


def find_unwritable(attribute: Row) -> str:
    """Return why nobody can write an attribute in Okta, whoever the user is; empty if one can
    (developer.okta.com, "Schemas": mutability and master)."""
    if attribute.get("mutability") in ("READ_ONLY", "IMMUTABLE"):
        return "read-only"
    first = next(iter(_dig(attribute, "master", "priority") or ()), {})
    is_override = _dig(attribute, "master", "type") == "OVERRIDE"
    if is_override and first.get("type") != "OKTA":
        return f"mastered by {first.get('value') or first.get('type')}"
    return ""


def cut_application(row: Row) -> Row:
    """Return an application without its settings, which may hold secrets."""
    kept = {name: row[name] for name in APPLICATION_FIELDS if name in row}
    client = _dig(row, "credentials", "oauthClient", "client_id")
    if client_id := to_text_id(client):
        kept["clientId"] = client_id
    if _dig(row, "settings", "oauthClient", "application_type") == "service":
        kept["isService"] = True
    return kept


def cut_event(row: Row) -> Row:
    return {name: row[name] for name in EVENT_FIELDS if name in row}


def find_targets(assignment: Row) -> Row:
    """Return the groups and applications that an assignment is limited to, by kind."""
    found = {
        "groups": [
            {"id": group.get("id"), "name": _dig(group, "profile", "name")}
            for group in _dig(assignment, "_embedded", "targets", "groups") or ()
        ],
        "apps": [
            {name: app[name] for name in ("id", "name", "displayName") if app.get(name) is not None}
            for app in _dig(assignment, "_embedded", "targets", "catalog", "apps") or ()
        ],
    }
    return {kind: sorted(rows, key=str) for kind, rows in found.items() if rows}


def is_everyone(group: Row) -> bool:
    """Return whether a group is the one that holds every user. Its name cannot be changed."""
    return group.get("type") == "BUILT_IN" and _dig(group, "profile", "name") == "Everyone"


def is_built_in(group: Row) -> bool:
    """Return whether Okta made a group. It does not list the members of its group of administrators
    (okta/terraform-provider-okta, issue 1845), and those of Everyone follow from the users."""
    return group.get("type") == "BUILT_IN"


def get_count(group: Row, name: str = "usersCount") -> int | None:
    """Return a number of a group's statistics; None where it does not say."""
    found = _dig(group, "_embedded", "stats", name)
    return found if type(found) is int else None


def may_have_admin_role(group: Row) -> bool:
    """Return whether a group carries admin roles, or does not say. Okta spells the field so."""
    return _dig(group, "_embedded", "stats", "hasAdminPrivlege") is not False


def has_had_members(group: Row) -> bool:
    """Return whether a group's membership was ever changed: a count of 0 may leave out deactivated
    members, which keep their membership."""
    changed = group.get("lastMembershipUpdated")
    return changed is not None and changed != group.get("created")


def list_rule_targets(rules: Iterable[Row]) -> set[str]:
    """Return the groups that active rules fill."""
    return {
        str(group)
        for rule in rules
        if rule.get("status") == "ACTIVE"
        for group in _dig(rule, "actions", "assignUserToGroups", "groupIds") or ()
    }


def parse_binding_member(row: Row) -> Row:
    """Return who a member of a binding is: its own id is that of the membership, and only its link
    tells the principal (developer.okta.com, "Role Resource Set Bindings")."""
    href = str(_dig(row, "_links", "self", "href") or "")
    match = PRINCIPAL_HREF.search(href)
    kind, principal = match.groups() if match else ("", None)
    return {
        "id": to_text_id(row.get("id")),
        "type": PRINCIPAL_TYPES.get(kind),
        "principalId": principal,
    }


def _dig(row: Any, *names: str) -> Any:
    """Return a nested value; None where a part is missing or no object."""
    for name in names:
        row = row.get(name) if isinstance(row, dict) else None
    return row
