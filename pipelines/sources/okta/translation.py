"""Translates a change into a call of Okta's API, and Okta's refusals into our words.

Refusals are told apart by their code, because only the code is stable (developer.okta.com, "Error
codes"). No call sends a mail, except an activation that is to send one, and those that Okta sends
about admin roles: to turn them off would also turn the user into a third-party administrator ("Role
assignments").
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from pipelines.failures import Rejected
from pipelines.files.json_text import parse, read_text_field, to_text_id
from pipelines.sources.okta.profiles import build_profile
from pipelines.sources.raw_rows import Row
from pipelines.sources.writer import Change, Seen, to_native_id

CODE_MEANINGS = {
    "E0000001": "Okta does not accept it, or not in this state",
    "E0000003": "Okta does not understand it",
    "E0000006": "the write credential lacks a right",
    "E0000007": "it does not exist any more",
    "E0000016": "the account is active already",
    "E0000023": "another system is the source of this profile",
    "E0000038": "the account's status does not allow it",
    "E0000077": "an attribute is read-only",
    "E0000078": "an attribute cannot be changed any more",
    "E0000090": "the role is assigned already",
    "E0000112": "the account is still being activated: try again in some minutes",
    "E0000231": "somebody changed it meanwhile",
    "E0000249": "Okta is still setting up rules of the group: try again in some minutes",
    "E0000263": "the role is assigned already",
    "E0000268": "Okta is changing roles: try again in some minutes",
}
LACKS_RIGHT, INVALID = "E0000006", "E0000001"
NOT_SUSPENDABLE = "only an active account can be suspended (see PROVISION__OKTA__DISABLE_BY)"

ACTIVATIONS = ("activate", "activate_with_mail")  # answered with a token that signs in
PROFILE_ACTIONS = ("create_account", "update_account", "create_group", "rename_group")

USERS_RIGHT = "the scope okta.users.manage and the role Group Administrator"
GROUPS_RIGHT = "the scope okta.groups.manage and the role Group Administrator"
ROLES_RIGHT = "the scope okta.roles.manage and the role Super Administrator"
APPLICATIONS_RIGHT = "the scope okta.apps.manage and the role Application Administrator"

LIFECYCLE_STEPS = {  # the step of a change -> the end of its path
    "suspend": "suspend",
    "unsuspend": "unsuspend",
    "activate": "activate?sendEmail=false",  # the default is true
    "activate_with_mail": "activate?sendEmail=true",
    "deactivate": "deactivate?sendEmail=false",
}


@dataclass(frozen=True)
class Call:
    """One write: its path below `/api/v1`, and the right that it needs. If `is_private`, its answer
    may have values of a profile, or a token that signs in, and is never quoted."""

    method: str
    path: str
    right: str
    body: Row | None = None
    headers: dict[str, str] = field(default_factory=dict)
    is_private: bool = False


def is_about(kind: str, change: Change) -> bool:
    return (change.entitlement_id or "").startswith(f"okta:{kind}:")


def build_call(change: Change, seen: Seen, base_url: str) -> Call:
    """Return the call of the step that was just seen ("Users", "Groups", "Role assignments",
    "Role Resource Set Bindings" and "Application Users")."""
    user, entitlement = to_native_id(change.account_id), to_native_id(change.entitlement_id)
    if change.action in PROFILE_ACTIONS:
        return _build_profile_call(change, seen)
    if seen.step in LIFECYCLE_STEPS:
        path = f"users/{user}/lifecycle/{LIFECYCLE_STEPS[seen.step]}"
        return Call("POST", path, USERS_RIGHT, is_private=seen.step in ACTIVATIONS)
    if change.action == "delete_account":
        return Call("DELETE", f"users/{user}?sendEmail=false", USERS_RIGHT)
    method = "PUT" if change.action == "grant" else "DELETE"
    if is_about("group", change):
        return Call(method, f"groups/{entitlement}/users/{user}", GROUPS_RIGHT)
    if is_about("application", change):
        return Call("DELETE", f"apps/{entitlement}/users/{user}", APPLICATIONS_RIGHT)
    roles, bindings = f"users/{user}/roles", bindings_path(change)
    href = f"{base_url}/users/{user}"
    match seen.step:
        case "assign":
            return Call("POST", roles, ROLES_RIGHT, {"type": entitlement})
        case "bind":
            return Call("POST", bindings, ROLES_RIGHT, {"role": entitlement, "members": [href]})
        case "add":
            path = f"{bindings}/{entitlement}/members"
            return Call("PATCH", path, ROLES_RIGHT, {"additions": [href]})
        case "unbind":
            path = f"{bindings}/{entitlement}/members/{seen.facts['member']}"
            return Call("DELETE", path, ROLES_RIGHT)
        case "unlimit":
            path = f"{roles}/{seen.facts['assignment']}/targets/{seen.facts['target']}"
            return Call("DELETE", path, ROLES_RIGHT)
    return Call("DELETE", f"{roles}/{seen.facts['assignment']}", ROLES_RIGHT)


def _build_profile_call(change: Change, seen: Seen) -> Call:
    """Return the call that writes a profile. A user is changed in part, and only if nobody else
    did it first; a group always as a whole."""
    wanted = json.loads(change.wanted_state or "{}")
    match change.action:
        case "create_account":
            kind = {"type": {"id": wanted["user_type"]}} if wanted.get("user_type") else {}
            method, path, right = "POST", "users?activate=false", USERS_RIGHT
            body = {"profile": build_profile(change)} | kind
        case "update_account":
            method, path, right = "POST", f"users/{to_native_id(change.account_id)}", USERS_RIGHT
            body = {"profile": seen.unlogged["profile"]}
        case "create_group":
            method, path, right = "POST", "groups", GROUPS_RIGHT
            body = {"profile": {name: wanted[name] for name in ("name", "description")}}
        case _:
            method, path = "PUT", f"groups/{to_native_id(change.entitlement_id)}"
            right, body = GROUPS_RIGHT, {"profile": seen.unlogged["profile"]}
    version = seen.unlogged.get("version")
    headers = {"If-Match": version} if version else {}
    return Call(method, path, right, body, headers, is_private=True)


def bindings_path(change: Change) -> str:
    """Return where the bindings of the resource set are that a custom role is held for."""
    return f"iam/resource-sets/{to_native_id(change.scope_id)}/bindings"


def read_error_code(body: bytes) -> str:
    return read_text_field(body, "errorCode")


def explain_rejection(refused: Rejected, call: Call, step: str) -> Rejected:
    """Return the refusal with its meaning in our words, before Okta's text if that is public."""
    code, next = read_error_code(refused.body), refused.next
    meaning = CODE_MEANINGS.get(code)
    if step == "suspend" and code == INVALID:
        meaning = NOT_SUSPENDABLE
        next = "set PROVISION__OKTA__DISABLE_BY=suspend_else_deactivate, or deactivate it in Okta"
    if code == LACKS_RIGHT:
        next = f"give the write credential {call.right}"
    if call.is_private:
        meaning = _name_attributes(refused.body, call) or meaning or "Okta refuses it"
        why = f"{meaning} ({code or refused.status})"
    else:
        why = f"{meaning}: {refused.why}" if meaning else refused.why
    return Rejected(refused.what, why, next, refused.status, refused.body)


def _name_attributes(body: bytes, call: Call) -> str:
    """Return which of the sent attributes Okta complains about; empty if it names none. The causes
    begin with the name of an attribute ("Error codes"), and what follows may quote its value."""
    found = parse(body) if read_error_code(body) else {}
    causes = found.get("errorCauses") if isinstance(found, dict) else None
    texts = [row.get("errorSummary") for row in causes or () if isinstance(row, dict)]
    sent = {*(call.body or {}), *(call.body or {}).get("profile", {})}
    named, taken = [], []
    for text in map(str, texts):
        name = text.partition(":")[0].strip()
        if name in sent:
            (taken if "already exists" in text else named).append(name)
    if taken:
        return f"another one has this {' and this '.join(sorted(taken))} already"
    return f"Okta does not accept {', '.join(sorted(named))}" if named else ""


def list_targets(assignment: Row) -> list[tuple[str, str, str]]:
    """Return what a role is limited to: scope type, id, and the path that takes the limit away."""
    targets: dict[str, Any] = assignment.get("targets") or {}
    found = []
    for row in targets.get("groups", ()):
        key = to_text_id(row.get("id")) or ""
        found.append(("group", key, f"groups/{quote(key, safe='')}"))
    for row in targets.get("apps", ()):
        names = [to_text_id(row[name]) or "" for name in ("name", "id") if row.get(name)]
        path = "/".join(quote(name, safe="") for name in names)
        found.append(("application", names[-1] if names else "", f"catalog/apps/{path}"))
    return found
