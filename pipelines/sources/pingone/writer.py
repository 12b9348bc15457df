"""PingOne changed: memberships, admin roles, and accounts from their making to their end.

Only users are changed, and only what is theirs directly. What a read does not show at once is
waited for (the vendor's own clients give a write ten seconds). A refusal of what is so already
counts as done only once a read says so too.
"""

from __future__ import annotations

import json
from datetime import datetime
from functools import cached_property
from typing import Any

from pipelines.failures import Failure, Rejected, Unreadable
from pipelines.files.json_text import to_text_id
from pipelines.http.auth import check_secret
from pipelines.http.policy import Counters, Policy, origin_of
from pipelines.http.write_once import send_once
from pipelines.sources.pingone.client import DIRECTORY, PingOne, is_rule_managed
from pipelines.sources.pingone.translation import (
    assigns,
    codes,
    covers,
    drift_of,
    explain_rejection,
    is_inherited,
    is_of,
    is_same,
    is_wanted_enabled,
    native,
    profile,
)
from pipelines.sources.raw_rows import Row
from pipelines.sources.writer import Change, Receipt, Seen, wait_until_settled

USERS = "the role Identity Data Admin (dir:create:user, dir:update:user, dir:delete:user)"
MEMBERS = "the role Identity Data Admin (dir:create:groupMembership, dir:delete:groupMembership)"
ROLES = (
    "the permission permissions:update:userRoleAssignments; and a worker gives only a role that it"
    " holds itself, at this scope or a wider one"
)
READ_ROLES = "the permission permissions:read:userRoleAssignments"


def tenant(environment_id: str, region: str = "com", base_url: str | None = None) -> str:
    """One environment of one region."""
    api = base_url or f"https://api.pingone.{region}/v1"
    return f"{origin_of(api)}/environments/{environment_id.strip()}"


def connect(
    environment_id: str,
    client_id: str,
    client_secret: str,
    region: str = "com",
    base_url: str | None = None,
    auth_url: str | None = None,
    worker_environment_id: str | None = None,
    requests_per_second: float = 10.0,
    sync_client_id: str | None = None,
    allow_delete: bool = False,
    settle_seconds: float = 10.0,
) -> Provisioner:
    """With `allow_delete` accounts may be deleted too, once they are disabled. `settle_seconds` is
    how long after a call of unknown effect a read may still show the state before it."""
    for name, value in (("ID", client_id), ("SECRET", client_secret)):
        check_secret(f"PROVISION__PINGONE__CLIENT_{name}", value)
    policy = Policy(requests_per_second=requests_per_second, concurrency=1)
    reader = PingOne(
        region,
        base_url,
        auth_url,
        environment_id,
        worker_environment_id,
        client_id,
        client_secret,
        200,
        "cheapest",
        "all",
        policy,
        Counters(),
    )
    keys = [key.strip() for key in (client_id, sync_client_id) if key]
    return Provisioner(reader, keys, allow_delete, settle_seconds)


class Provisioner:
    """One environment, as the worker application that may write to it: the first of `keys`, which
    are ours."""

    def __init__(self, reader: PingOne, keys: list[str], allow_delete: bool, settle: float) -> None:
        self.reader, self.api, self.keys, self.client_id = reader, reader.api, keys, keys[0]
        self.allow_delete, self.settle = allow_delete, settle

    def own_accounts(self) -> set[str]:
        """The worker applications that read and write: a worker's client id is its own id."""
        return {f"pingone:application:{key}" for key in self.keys}

    # ---- looking

    def look(self, change: Change, asked_at: datetime | None = None) -> Seen:
        def waits(seen: Seen) -> bool:
            # of an account that was to be made disabled, the first call has arrived
            return seen.state == "pending" and seen.step != "disable"

        return wait_until_settled(lambda: self.seen(change), asked_at, self.settle, waits)

    def seen(self, change: Change) -> Seen:
        """What the live state is now."""
        if change.action == "create_account":
            return self.new_account(change)
        if not (change.account_id or "").startswith("pingone:user:"):
            return Seen("drift", "only users are changed through this API")
        user = self.found(f"users/{native(change.account_id)}", DIRECTORY)
        if user is None:
            if change.action in ("grant", "enable_account"):
                return Seen("drift", "the account is not there any more")
            return Seen("absent", "the account is not there any more")
        if stranger := drift_of(change, user):
            return stranger
        match change.action:
            case "disable_account" | "enable_account":
                return self.switched(change, user)
            case "delete_account":
                return self.to_delete(user)
            case "grant" | "revoke" if is_of("group", change):
                return self.membership(change)
            case "grant" | "revoke" if is_of("role", change):
                return self.role_assignment(change)
        return Seen("drift", "this cannot be changed through this API")

    def new_account(self, change: Change) -> Seen:
        """An account that is there is taken for the one that was asked for only if all that was
        asked for is as it was; and disabled only if nobody has ever signed on with it."""
        wanted = profile(change)
        if not wanted.get("username") or not wanted.get("email"):
            return Seen("drift", "a username and an email are needed to make an account")
        named = f"username eq {json.dumps(wanted['username'], ensure_ascii=False)}"
        for user in self.reader.read("users", "users", DIRECTORY, filter=named, limit=10):
            facts = {"id": to_text_id(user.get("id")), "enabled": user.get("enabled")}
            differs = [name for name in wanted if not is_same(user.get(name), wanted[name])]
            if differs:
                why = f"the username belongs to an account with another {', '.join(differs)}"
                return Seen("drift", why, facts)
            if user.get("enabled") == is_wanted_enabled(change):
                return Seen("done", "there is such an account", facts)
            if is_wanted_enabled(change):
                return Seen("drift", "there is such an account, and it is disabled", facts)
            if user.get("lastSignOn"):
                return Seen("drift", "there is such an account, and it is in use", facts)
            return Seen("pending", "it was made, and is to be disabled", facts, "disable")
        return Seen("pending", step="create")

    def switched(self, change: Change, user: Row) -> Seen:
        wanted, enabled = change.action == "enable_account", user.get("enabled")
        facts = {"enabled": enabled}
        if not isinstance(enabled, bool):
            return Seen("drift", "it is not told whether the account is enabled", facts)
        return Seen("done" if enabled == wanted else "pending", facts=facts)

    def to_delete(self, user: Row) -> Seen:
        facts = {"enabled": user.get("enabled")}
        if not self.allow_delete:
            why = "accounts are not deleted unless PROVISION__PINGONE__ALLOW_DELETE is true"
            return Seen("drift", why, facts)
        if user.get("enabled") is not False:
            return Seen("drift", "only a disabled account is deleted, and it is enabled", facts)
        return Seen("pending", facts=facts)

    def membership(self, change: Change) -> Seen:
        """Whether the user is in the group, itself and not through another."""
        user, group_id = native(change.account_id), native(change.entitlement_id)
        gives = change.action == "grant"
        group = self.found(f"groups/{group_id}", DIRECTORY)
        if group is None:
            return Seen("drift" if gives else "absent", "the group is not there any more")
        if is_rule_managed(group):
            return Seen("drift", "a rule, or another directory, decides who is in the group")
        if change.resource_name and group.get("name") != change.resource_name:
            return Seen("drift", "the group has another name by now")
        rows = (self.reader.groups_of(user) or {}).get("memberships", ())
        kinds = [row["type"] for row in rows if row["id"] == group_id]
        facts = {"membership": kinds[0] if kinds else None}
        if "INDIRECT" in kinds:
            why = "only through another group"
            return Seen("pending" if gives else "absent", why, facts)
        if kinds:
            return Seen("done" if gives else "pending", facts=facts)
        return Seen("pending" if gives else "absent", facts=facts)

    def role_assignment(self, change: Change) -> Seen:
        """Whether the user has the role at this scope, by an assignment of its own."""
        user, role = native(change.account_id), native(change.entitlement_id)
        scope = ((change.scope_type or "").upper(), native(change.scope_id))
        rows = self.reader.read(f"users/{user}/roleAssignments", "roleAssignments", READ_ROLES)
        same = [row for row in rows if assigns(row) == (role, *scope)]
        if change.action == "grant":
            wider = [row for row in rows if role == assigns(row)[0] and covers(row, scope)]
            for row in same or wider:
                why = "" if same else "it is held at a wider scope"
                return Seen("done", why, {"assignment": to_text_id(row.get("id"))})
            return Seen("pending")
        wanted = change.source_grant_id or next((to_text_id(row.get("id")) for row in same), None)
        for row in rows:
            if to_text_id(row.get("id")) == wanted:
                facts = {"assignment": wanted}
                if assigns(row) != (role, *scope):
                    return Seen("wrong", "the assignment is of another role or scope", facts)
                if row.get("readOnly") or is_inherited(row):
                    return Seen("drift", "the assignment is read-only or inherited", facts)
                return Seen("pending", facts=facts)
        if same:
            return Seen("drift", "the role was assigned anew since", {"assignment": same[0]["id"]})
        return Seen("absent")

    def found(self, path: str, right: str) -> Row | None:
        """One object; None only if PingOne itself says, in its own words, that it is not there, and
        shows others."""
        try:
            return self.api.object(path, right)
        except Unreadable as failure:
            if failure.status != 404 or "NOT_FOUND" not in codes(failure.body):
                raise
        if self.sees_users:
            return None
        raise Unreadable(
            "pingone: users", "not one can be seen", "check the environment, and the rights"
        )

    @cached_property
    def sees_users(self) -> bool:
        """Whether anybody can be seen: if not, nobody is gone. Raises Denied or Unreadable."""
        rows, _ = next(self.reader.pages("users", "users", DIRECTORY, limit=1))
        return bool(rows)

    # ---- acting

    def act(self, change: Change, seen: Seen) -> Receipt:
        method, path, body, right = self.call(change, seen)
        try:
            answer = send_once(self.api.session, method, f"{self.api.base_url}/{path}", body)
        except Rejected as refused:
            told = explain_rejection(refused, right)
            if refused.status not in (400, 404, 409, 412):
                raise told from None
            try:
                now = self.seen(change)
            except Failure:
                raise told from None
            if now.state not in ("done", "absent"):
                raise told from None
            return Receipt(facts=now.facts | {"refused": told.why})
        made = answer.json()
        key = to_text_id(made.get("id")) if isinstance(made, dict) else None
        facts = {"status": answer.status_code}
        if correlation := answer.headers.get("correlation-id"):
            facts["correlation_id"] = correlation
        makes = change.action == "create_account" or is_of("role", change)
        return Receipt(key if makes else None, facts=facts)

    def call(self, change: Change, seen: Seen) -> tuple[str, str, Any, str]:
        """Method, path, body, and the right it takes ("PingOne Platform API", users and groups)."""
        user = f"users/{native(change.account_id)}"
        match change.action, seen.step:
            case "create_account", "create":
                return "POST", "users", profile(change), USERS
            case "create_account", _:
                return "PUT", f"users/{seen.facts['id']}/enabled", {"enabled": False}, USERS
            case "disable_account" | "enable_account", _:
                enabled = change.action == "enable_account"
                return "PUT", f"{user}/enabled", {"enabled": enabled}, USERS
            case "delete_account", _:
                return "DELETE", user, None, USERS
        of = native(change.entitlement_id)
        match change.action, is_of("role", change):
            case "grant", True:
                scope = {"id": native(change.scope_id), "type": (change.scope_type or "").upper()}
                return (
                    "POST",
                    f"{user}/roleAssignments",
                    {"role": {"id": of}, "scope": scope},
                    ROLES,
                )
            case _, True:
                return "DELETE", f"{user}/roleAssignments/{seen.facts['assignment']}", None, ROLES
            case "grant", False:
                return "POST", f"{user}/memberOfGroups", {"id": of}, MEMBERS
        return "DELETE", f"{user}/memberOfGroups/{of}", None, MEMBERS
