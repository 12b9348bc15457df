"""Changes memberships, admin roles and accounts in PingOne; creates and deletes accounts, too.

Only users are changed, and only what they hold directly. Reads may lag behind a write, so a read is
repeated for a while (the vendor's own clients give a write ten seconds). If PingOne refuses a
change as already made, the change counts as done only when a read says so too.
"""

from __future__ import annotations

import json
from datetime import datetime
from functools import cached_property

from pipelines.failures import Failure, Rejected, Unreadable
from pipelines.files.json_text import to_text_id
from pipelines.http.auth import check_secret
from pipelines.http.policy import Counters, Policy, origin_of
from pipelines.http.write_once import send_once
from pipelines.sources.pingone.client import API_URL, Connection, PingOne
from pipelines.sources.pingone.rights import DIRECTORY_RIGHT
from pipelines.sources.pingone.rows import is_inherited, is_rule_managed
from pipelines.sources.pingone.translation import (
    READ_ROLES_RIGHT,
    build_assignment,
    build_call,
    build_profile,
    explain_rejection,
    is_about,
    is_wanted_enabled,
    is_wider,
    list_error_codes,
    parse_assignment,
)
from pipelines.sources.raw_rows import Row, read_id
from pipelines.sources.writer import (
    Change,
    Receipt,
    Seen,
    find_drift,
    is_same,
    to_native_id,
    wait_until_settled,
)


def tenant(environment_id: str, region: str = "com", base_url: str | None = None) -> str:
    """Return the environment and its region, which a plan is made for."""
    api = base_url or API_URL.format(region)
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
    """Return the writer of one environment; make no call yet.

    `allow_delete` permits deleting accounts that are disabled. `settle_seconds` is how long a read
    may still show the old state after a call of unknown effect.
    """
    for name, value in (("ID", client_id), ("SECRET", client_secret)):
        check_secret(f"PROVISION__PINGONE__CLIENT_{name}", value)
    connection = Connection(
        environment_id=environment_id,
        client_id=client_id,
        client_secret=client_secret,
        region=region,
        base_url=base_url,
        auth_url=auth_url,
        worker_environment_id=worker_environment_id,
        policy=Policy(requests_per_second=requests_per_second, concurrency=1),
        section="PROVISION",
    )
    keys = [key.strip() for key in (client_id, sync_client_id) if key]
    return Provisioner(PingOne(connection, Counters()), keys, allow_delete, settle_seconds)


class Provisioner:
    """One environment, called as the worker application that may write to it.

    `keys` are the client ids that Rollcall uses itself; the first one is that of the writer.
    """

    def __init__(self, reader: PingOne, keys: list[str], allow_delete: bool, settle: float) -> None:
        self.reader, self.api, self.keys, self.client_id = reader, reader.api, keys, keys[0]
        self.allow_delete, self.settle = allow_delete, settle

    def own_accounts(self) -> set[str]:
        """Return the applications that read and write; a client id is the application's id, too."""
        return {f"pingone:application:{key}" for key in self.keys}

    # ---- looking

    def look(self, change: Change, asked_at: datetime | None = None) -> Seen:
        def is_unsettled(seen: Seen) -> bool:
            # If an account still has to be disabled, the call that creates it has arrived.
            return seen.state == "pending" and seen.step != "disable"

        return wait_until_settled(lambda: self.see(change), asked_at, self.settle, is_unsettled)

    def see(self, change: Change) -> Seen:
        """Return the live state now, without waiting."""
        if change.action == "create_account":
            return self.see_new_account(change)
        if not (change.account_id or "").startswith("pingone:user:"):
            return Seen("drift", "only users can be changed through this API")
        user = self.read_object(f"users/{to_native_id(change.account_id)}", DIRECTORY_RIGHT)
        if user is None:
            is_given = change.action in ("grant", "enable_account")
            return Seen("drift" if is_given else "absent", "the account does not exist any more")
        created_at, username = user.get("createdAt"), user.get("username")
        if drift := find_drift(change, created_at=created_at, username=username):
            return drift
        match change.action:
            case "disable_account" | "enable_account":
                return self.see_enabled(change, user)
            case "delete_account":
                return self.see_deletion(user)
            case "grant" | "revoke" if is_about("group", change):
                return self.see_membership(change)
            case "grant" | "revoke" if is_about("role", change):
                return self.see_role_assignment(change)
        return Seen("drift", "this cannot be changed through this API")

    def see_new_account(self, change: Change) -> Seen:
        """Return whether the account exists.

        An existing account is the wanted one only if everything that was asked for is the same. An
        account is disabled only if nobody has ever signed on with it.
        """
        wanted = build_profile(change)
        if not wanted.get("username") or not wanted.get("email"):
            return Seen("drift", "a new account needs a username and an email")
        named = f"username eq {json.dumps(wanted['username'], ensure_ascii=False)}"
        for user in self.reader.read("users", right=DIRECTORY_RIGHT, filter=named, limit=10):
            facts = {"id": to_text_id(user.get("id")), "enabled": user.get("enabled")}
            differs = [name for name in wanted if not is_same(user.get(name), wanted[name])]
            if differs:
                why = f"the username belongs to an account with another {', '.join(differs)}"
                return Seen("drift", why, facts)
            if user.get("enabled") == is_wanted_enabled(change):
                return Seen("done", "the account exists", facts)
            if is_wanted_enabled(change):
                return Seen("drift", "the account exists, and it is disabled", facts)
            if user.get("lastSignOn"):
                return Seen("drift", "the account exists, and it is in use", facts)
            return Seen(
                "pending", "the account was created, and is to be disabled", facts, "disable"
            )
        return Seen("pending", step="create")

    def see_enabled(self, change: Change, user: Row) -> Seen:
        wanted, enabled = change.action == "enable_account", user.get("enabled")
        facts = {"enabled": enabled}
        if not isinstance(enabled, bool):
            return Seen("drift", "PingOne does not say whether the account is enabled", facts)
        return Seen("done" if enabled == wanted else "pending", facts=facts)

    def see_deletion(self, user: Row) -> Seen:
        facts = {"enabled": user.get("enabled")}
        if not self.allow_delete:
            why = "accounts are deleted only if PROVISION__PINGONE__ALLOW_DELETE is true"
            return Seen("drift", why, facts)
        if user.get("enabled") is not False:
            return Seen(
                "drift", "the account is enabled, and only a disabled one is deleted", facts
            )
        return Seen("pending", facts=facts)

    def see_membership(self, change: Change) -> Seen:
        """Return whether the user is in the group directly."""
        user_id, group_id = to_native_id(change.account_id), to_native_id(change.entitlement_id)
        # The state of the change if the user is not in the group.
        missing = "pending" if change.action == "grant" else "absent"
        group = self.read_object(f"groups/{group_id}", DIRECTORY_RIGHT)
        if group is None:
            state = "drift" if change.action == "grant" else "absent"
            return Seen(state, "the group does not exist any more")
        if is_rule_managed(group):
            return Seen("drift", "a rule, or another directory, decides who is in the group")
        if change.resource_name and group.get("name") != change.resource_name:
            return Seen("drift", "the group now has another name")
        rows = (self.reader.read_memberships(user_id) or {}).get("memberships", ())
        kinds = [row["type"] for row in rows if row["id"] == group_id]
        facts = {"membership": kinds[0] if kinds else None}
        if "INDIRECT" in kinds:
            return Seen(missing, "only through another group", facts)
        if kinds:
            return Seen("done" if change.action == "grant" else "pending", facts=facts)
        return Seen(missing, facts=facts)

    def see_role_assignment(self, change: Change) -> Seen:
        """Return whether the user's role assignments include this role at this scope."""
        user_id, wanted = to_native_id(change.account_id), build_assignment(change)
        rows = self.reader.read(f"users/{user_id}/roleAssignments", right=READ_ROLES_RIGHT)
        same = [row for row in rows if parse_assignment(row) == parse_assignment(wanted)]
        if change.action == "grant":
            for row in same or [row for row in rows if is_wider(row, wanted)]:
                why = "" if same else "the user holds the role at a wider scope"
                return Seen("done", why, {"assignment": to_text_id(row.get("id"))})
            return Seen("pending")
        # The inverse of a grant names no assignment, so it takes the one with this role and scope.
        key = change.source_grant_id or next((to_text_id(row.get("id")) for row in same), None)
        for row in rows:
            if to_text_id(row.get("id")) == key:
                facts = {"assignment": key}
                if row not in same:
                    return Seen("wrong", "the assignment has another role or scope", facts)
                if row.get("readOnly") or self.is_inherited(user_id, row):
                    return Seen("drift", "the assignment is read-only or inherited", facts)
                return Seen("pending", facts=facts)
        if same:
            why = "the role has been assigned anew since the last sync"
            return Seen("drift", why, {"assignment": same[0]["id"]})
        return Seen("absent")

    def is_inherited(self, user_id: str, assignment: Row) -> bool:
        """Return whether the assignment really belongs to a group that the user is in."""
        if is_inherited(assignment, ()):
            return True
        # The user's row may have no sign of this, so its id is looked for at the groups themselves.
        memberships = (self.reader.read_memberships(user_id) or {}).get("memberships", ())
        groups = sorted({read_id("pingone: groups", row, "id") for row in memberships})
        rows = [self.reader.read_role_assignments(f"groups/{group_id}") for group_id in groups]
        held = [one for row in rows if row for one in row["roleAssignments"]]
        return is_inherited(assignment, {str(one.get("id")) for one in held})

    def read_object(self, path: str, right: str) -> Row | None:
        """Return one object, or None if it does not exist.

        A 404 is believed only if it is PingOne's own error, and if other users can be seen.
        """
        try:
            return self.api.get_object(path, right)
        except Unreadable as failure:
            if failure.status != 404 or "NOT_FOUND" not in list_error_codes(failure.body):
                raise
        if self.has_visible_users:
            return None
        raise Unreadable(
            "pingone: users", "no user can be seen", "check the environment and the rights"
        )

    @cached_property
    def has_visible_users(self) -> bool:
        """Whether any user can be seen; if not, a 404 proves nothing. Raises Denied, Unreadable."""
        rows, _ = next(self.reader.pages("users", right=DIRECTORY_RIGHT, limit=1))
        return bool(rows)

    # ---- acting

    def act(self, change: Change, seen: Seen) -> Receipt:
        method, path, body, right = build_call(change, seen)
        try:
            answer = send_once(self.api.session, method, f"{self.api.base_url}/{path}", body)
        except Rejected as refused:
            explained = explain_rejection(refused, right)
            if refused.status not in (400, 404, 409, 412):
                raise explained from None
            try:
                now = self.see(change)
            except Failure:
                raise explained from None
            if now.state not in ("done", "absent"):
                raise explained from None
            return Receipt(facts=now.facts | {"refused": explained.why})
        created = answer.json()
        key = to_text_id(created.get("id")) if isinstance(created, dict) else None
        facts = {"status": answer.status_code}
        if correlation := answer.headers.get("correlation-id"):
            facts["correlation_id"] = correlation
        has_own_id = change.action == "create_account" or is_about("role", change)
        return Receipt(key if has_own_id else None, facts=facts)
