"""The attributes of SCIM resources (RFC 7643) that say who has what.

The names of attributes do not depend on their case (RFC 7643, 2.1).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

from pipelines.failures import Unreadable
from pipelines.files.json_text import dump, to_text_id
from pipelines.sources.raw_rows import Row

ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
GROUP, USER = "Group", "User"


def find(value: Any, *names: str) -> Any:
    """Return what is at this path of attribute names; None if something on it is missing."""
    for name in names:
        if not isinstance(value, dict):
            return None
        found = value.get(name)
        if found is None:
            wanted = name.casefold()
            found = next((one for key, one in value.items() if key.casefold() == wanted), None)
        value = found
    return value


def read_text(value: Any, *names: str) -> str | None:
    """Return a text or a number at this path as text."""
    found = find(value, *names)
    return str(found).lower() if isinstance(found, bool) else to_text_id(found)


def read_values(resource: Row, name: str) -> list[Any]:
    """Return the values of an attribute that may have several; each is an object or a text."""
    found = find(resource, name)
    return found if isinstance(found, list) else [] if found is None else [found]


def describe_user(user: Row, key: str, endpoint: str) -> Row:
    """Return the row of one user (RFC 7643, 4.1 and 4.3)."""
    parts = [read_text(user, "name", part) for part in ("givenName", "familyName")]
    manager = find(user, ENTERPRISE, "manager")
    return {
        "id": key,
        "endpoint": endpoint,
        "external_id": read_text(user, "externalId"),
        "user_name": read_text(user, "userName"),
        "display_name": read_text(user, "displayName")
        or read_text(user, "name", "formatted")
        or " ".join(filter(None, parts))
        or None,
        "email": _choose_mail(user),
        "active": (read_text(user, "active") or "").lower() or None,
        "user_type": read_text(user, "userType"),
        "title": read_text(user, "title"),
        "employee_number": read_text(user, ENTERPRISE, "employeeNumber"),
        "department": read_text(user, ENTERPRISE, "department"),
        "manager_id": read_text(manager, "value")
        if isinstance(manager, dict)
        else to_text_id(manager),
        **_describe_meta(user),
    }


def describe_group(group: Row, key: str) -> Row:
    """Return the row of one group (RFC 7643, 4.2)."""
    return {
        "id": key,
        "external_id": read_text(group, "externalId"),
        "display_name": read_text(group, "displayName"),
        **_describe_meta(group),
    }


def _describe_meta(resource: Row) -> Row:
    return {
        "created": read_text(resource, "meta", "created"),
        "last_modified": read_text(resource, "meta", "lastModified"),
        "payload": dump(resource).decode(),
    }


def _choose_mail(user: Row) -> str | None:
    """Return the primary address, else the one for work, else the first."""
    mails = [
        one if isinstance(one, dict) else {"value": one} for one in read_values(user, "emails")
    ]
    mails = [one for one in mails if read_text(one, "value")]
    mails.sort(
        key=lambda one: (read_text(one, "primary") != "true", read_text(one, "type") != "work")
    )
    return read_text(mails[0], "value") if mails else None


def list_roles(user: Row, key: str) -> Iterator[Row]:
    """Yield the roles and the entitlements that a user has (RFC 7643, 4.1.2)."""
    for name, kind in (("roles", "role"), ("entitlements", "entitlement")):
        for one in read_values(user, name):
            display = read_text(one, "display")
            value = (
                read_text(one, "value") if isinstance(one, dict) else to_text_id(one)
            ) or display
            yield {
                "user_id": key,
                "kind": kind,
                "value": value,
                "display": display or value,
                "type": read_text(one, "type"),
            }


def list_user_groups(user: Row, key: str) -> Iterator[Row]:
    """Yield the groups that a user says to be in (RFC 7643, 4.1.2: `groups` is read-only)."""
    for one in read_values(user, "groups"):
        group = read_text(one, "value") if isinstance(one, dict) else to_text_id(one)
        group = group or _split_reference(one)[1] or None
        yield {
            "user_id": key,
            "group_id": group,
            "display": read_text(one, "display"),
            "type": (read_text(one, "type") or "").lower() or None,
        }


def list_members(what: str, group: Row, key: str) -> Iterator[tuple[str, str]]:
    """Yield the id of each member, and what it says to be: User, Group, or another or no word."""
    for one in read_values(group, "members"):
        member = read_text(one, "value") if isinstance(one, dict) else to_text_id(one)
        if member is None:
            raise Unreadable(
                f"{what}: groups",
                f"a member of group {key} has no value, which is the id of the member",
                "report it to the vendor; nothing of this system was taken",
            )
        yield member, read_text(one, "type") or _read_reference(one)


def _read_reference(member: Any) -> str:
    """Return the type that a member's `$ref` names, as in `…/Users/2819c223`."""
    return {"users": USER, "groups": GROUP}.get(_split_reference(member)[0].casefold(), "")


def _split_reference(value: Any) -> tuple[str, str]:
    """Return the endpoint and the id in the `$ref` of a value; empty if there is none."""
    parts = (read_text(value, "$ref") or "").rstrip("/").split("/")
    return (parts[-2], unquote(parts[-1])) if parts[1:] else ("", "")
