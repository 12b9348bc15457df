"""Translates a change into a call of PingOne's API, and PingOne's refusals into our words.

Refusals are told apart by status and code, never by their words, except for one that has no code
(developer.pingidentity.com, "Error codes").
"""

from __future__ import annotations

import json
from typing import Any

from pipelines.failures import Rejected
from pipelines.files.json_text import NotJson, parse, to_text_id
from pipelines.sources.raw_rows import Row
from pipelines.sources.writer import Change, Seen, to_native_id

WIDE_SCOPES = ("ORGANIZATION", "ENVIRONMENT")  # the first is the widest; all others are narrower
CODE_MEANINGS = {
    "UNIQUENESS_VIOLATION": "it is so already, or somebody else has it",
    "INSUFFICIENT_PERMISSIONS": "the write credential lacks a right",
    "LICENSE_EXCEEDED": "the licence allows no more",
    "NOT_FOUND": "it does not exist any more",
    "INVALID_VALUE": "a value is not allowed here, as for a group whose members a rule decides",
    "REQUIRED_VALUE": "a value is missing",
}
READ_ONLY_MESSAGE = "cannot be deleted as it is read only"


def is_about(kind: str, change: Change) -> bool:
    return (change.entitlement_id or "").startswith(f"pingone:{kind}:")


def build_profile(change: Change) -> Row:
    """Return the body that creates a new account, with only those fields that are known."""
    wanted = json.loads(change.wanted_state or "{}")
    name = {"given": wanted.get("given_name"), "family": wanted.get("family_name")}
    population = wanted.get("population_id")
    profile = {
        "username": wanted.get("username"),
        "email": wanted.get("email"),
        "externalId": wanted.get("employee_number"),
        "name": {part: text for part, text in name.items() if text},
        "population": {"id": to_native_id(population)} if population else {},
    }
    return {name: value for name, value in profile.items() if value}


def is_wanted_enabled(change: Change) -> bool:
    return str(json.loads(change.wanted_state or "{}").get("is_enabled")).lower() != "false"


def parse_assignment(row: Row) -> tuple[str | None, str, str | None]:
    """Return role, scope type and scope id of a role assignment."""
    role, scope = (
        row[name] if isinstance(row.get(name), dict) else {} for name in ("role", "scope")
    )
    return to_text_id(role.get("id")), str(scope.get("type")).upper(), to_text_id(scope.get("id"))


def build_assignment(change: Change) -> Row:
    """Return the role assignment that a change is about."""
    scope = {"id": to_native_id(change.scope_id), "type": (change.scope_type or "").upper()}
    return {"role": {"id": to_native_id(change.entitlement_id)}, "scope": scope}


def is_wider(row: Row, wanted: Row) -> bool:
    """Return whether an assignment gives the wanted role at a wider scope than the wanted one."""
    (role, scope, _), (wanted_role, wanted_scope, _) = map(parse_assignment, (row, wanted))
    if role != wanted_role or scope not in WIDE_SCOPES:
        return False
    return wanted_scope not in WIDE_SCOPES[: WIDE_SCOPES.index(scope) + 1]


def list_error_codes(body: bytes) -> list[str]:
    """Return the code of an error, then those of its details ("Error codes")."""
    try:
        error = parse(body)
    except NotJson:
        return []
    details = error.get("details") if isinstance(error, dict) else None
    rows = [error, *(details if isinstance(details, list) else ())]
    return [str(row.get("code")) for row in rows if isinstance(row, dict) and row.get("code")]


def explain_rejection(refused: Rejected, right: str) -> Rejected:
    """Return the refusal with its meaning in our words before PingOne's text."""
    codes = reversed(list_error_codes(refused.body))
    known = [CODE_MEANINGS[code] for code in codes if code in CODE_MEANINGS]
    if READ_ONLY_MESSAGE in refused.why:
        known = ["the assignment is read-only: only what made it can take it away"]
    next = f"give the write credential {right}" if refused.status == 403 else refused.next
    why = f"{known[0]}: {refused.why}" if known else refused.why
    return Rejected(refused.what, why, next, refused.status, refused.body)


USERS_RIGHT = "the role Identity Data Admin (dir:create:user, dir:update:user, dir:delete:user)"


MEMBERS_RIGHT = (
    "the role Identity Data Admin (dir:create:groupMembership, dir:delete:groupMembership)"
)


ROLES_RIGHT = (
    "the permission permissions:update:userRoleAssignments; and a worker gives only a role that it"
    " holds itself, at this scope or a wider one"
)


READ_ROLES_RIGHT = "the permission permissions:read:userRoleAssignments"


def build_call(change: Change, seen: Seen) -> tuple[str, str, Any, str]:
    """Return method, path and body, and the right that the call needs ("PingOne Platform API",
    users and groups)."""
    user = f"users/{to_native_id(change.account_id)}"
    match change.action, seen.step:
        case "create_account", "create":
            return "POST", "users", build_profile(change), USERS_RIGHT
        case "create_account", _:
            path = f"users/{seen.facts['id']}/enabled"
            return "PUT", path, {"enabled": False}, USERS_RIGHT
        case "disable_account" | "enable_account", _:
            enabled = change.action == "enable_account"
            return "PUT", f"{user}/enabled", {"enabled": enabled}, USERS_RIGHT
        case "delete_account", _:
            return "DELETE", user, None, USERS_RIGHT
    entitlement, assignments = to_native_id(change.entitlement_id), f"{user}/roleAssignments"
    match change.action, is_about("role", change):
        case "grant", True:
            return "POST", assignments, build_assignment(change), ROLES_RIGHT
        case _, True:
            return "DELETE", f"{assignments}/{seen.facts['assignment']}", None, ROLES_RIGHT
        case "grant", False:
            return "POST", f"{user}/memberOfGroups", {"id": entitlement}, MEMBERS_RIGHT
    return "DELETE", f"{user}/memberOfGroups/{entitlement}", None, MEMBERS_RIGHT
