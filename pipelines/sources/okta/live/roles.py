"""Looks up the admin roles that a user holds at this moment.

A standard role is one assignment per user, which may be limited to groups or applications; each
limit is a grant of its own. A custom role is a membership in the binding of a resource set.
"""

from __future__ import annotations

from typing import Any

from pipelines.files.json_text import to_text_id
from pipelines.sources.okta.client import Okta
from pipelines.sources.okta.live.view import find
from pipelines.sources.okta.roles import read_assignments
from pipelines.sources.okta.rows import parse_binding_member
from pipelines.sources.okta.translation import ROLES_RIGHT, bindings_path, list_targets
from pipelines.sources.raw_rows import Row
from pipelines.sources.writer import Change, Seen, to_native_id


def see_assignment(okta: Okta, change: Change) -> Seen:
    """Return whether the user's role assignments include this role for this scope."""
    role, scope = to_native_id(change.entitlement_id), to_native_id(change.scope_id)
    wanted = (change.scope_type, scope) if change.scope_id else None
    found = read_assignments(okta, f"users/{to_native_id(change.account_id)}/roles", ROLES_RIGHT)
    rows = [row for row in found if row.get("status") != "INACTIVE"]
    held = [row for row in rows if row.get("type") == role]
    own = [row for row in held if row.get("assignmentType") != "GROUP"]
    if change.action == "grant":
        return _see_given_role(held, own, wanted)
    key = change.source_grant_id or next((to_text_id(row.get("id")) for row in own), None)
    for row in rows:
        if to_text_id(row.get("id")) != key:
            continue
        facts = {"assignment": key}
        if row not in held:
            return Seen("wrong", "the assignment has another role", facts)
        if row not in own:
            return Seen("drift", "the role comes from a group", facts)
        return _see_limits(row, wanted, facts)
    if own:
        why = "the role has been assigned anew since the last sync"
        return Seen("drift", why, {"assignment": to_text_id(own[0].get("id"))})
    return Seen("absent", "only through a group" if held else "")


def _see_limits(row: Row, wanted: tuple[str | None, str] | None, facts: dict[str, Any]) -> Seen:
    """Return what to remove: the whole assignment, or one target if it has several."""
    paths = {(kind, key): path for kind, key, path in list_targets(row)}
    if wanted is None and not paths:
        return Seen("pending", "", facts, "unassign")
    if wanted is None:
        return Seen("drift", "the role is limited now, and was not at the last sync", facts)
    if not paths:
        return Seen("drift", "the role holds for the whole organization now", facts)
    if wanted not in paths:
        return Seen("absent", "the role is limited to others", facts)
    if len(paths) == 1:
        return Seen("pending", "", facts, "unassign")
    return Seen("pending", "", facts | {"target": paths[wanted]}, "unlimit")


def _see_given_role(held: list[Row], own: list[Row], wanted: tuple[str | None, str] | None) -> Seen:
    for row in held:
        limits = {(kind, key) for kind, key, _ in list_targets(row)}
        facts = {"assignment": to_text_id(row.get("id"))}
        if not limits or wanted in limits:
            is_wider = wanted is not None and not limits
            return Seen("done", "the user holds the role more widely" if is_wider else "", facts)
    if own:
        return Seen("drift", "the user holds the role with limits, to be changed in Okta")
    if wanted:
        why = "Okta gives a role for the whole organization first: assign a limited one there"
        return Seen("drift", why)
    return Seen("pending", step="assign")


def see_binding(okta: Okta, change: Change) -> Seen:
    """Return whether the user holds a custom role for a resource set. Only the members of the
    binding tell the id by which the role is taken away, and they are paged."""
    path = f"{bindings_path(change)}/{to_native_id(change.entitlement_id)}/members"
    found = find(lambda: okta.read_rows("role_bindings", path, right=ROLES_RIGHT, rows="members"))
    wanted = ("user", to_native_id(change.account_id))
    members = map(parse_binding_member, found or ())
    own = [str(one["id"]) for one in members if (one["type"], one["principalId"]) == wanted]
    facts = {"member": own[0] if own else None}
    if change.action == "grant":
        step = "bind" if found is None else "add"  # a binding ends with its last member
        return Seen("done", facts=facts) if own else Seen("pending", step=step)
    if not own:
        return Seen("absent")
    if change.source_grant_id not in (None, *own):
        return Seen("drift", "the role has been assigned anew since the last sync", facts)
    return Seen("pending", "", facts, "unbind")
