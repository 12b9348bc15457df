"""Looks up what an org says about a change at this moment: by id or in plain lists, because the
index of a search lags.

An effect that is in place already is never refused. Otherwise nothing is done that Okta, a rule or
another directory would undo, or that gives or takes more than the change asks for.
"""

from __future__ import annotations

import json
from functools import cached_property
from typing import Any
from urllib.parse import quote

from pipelines.failures import Unreadable
from pipelines.files.json_text import to_text_id
from pipelines.sources.okta.choices import WriteChoices
from pipelines.sources.okta.client import Okta
from pipelines.sources.okta.live.roles import find, see_assignment, see_binding
from pipelines.sources.okta.rows import DELETED, list_rule_targets, may_have_admin_role
from pipelines.sources.okta.translation import (
    APPLICATIONS_RIGHT,
    GROUPS_RIGHT,
    USERS_RIGHT,
    build_profile,
    is_about,
)
from pipelines.sources.raw_rows import Row, read_id
from pipelines.sources.writer import Change, Seen, find_drift, is_same, to_native_id

ENABLED = ("PROVISIONED", "ACTIVE", "RECOVERY", "PASSWORD_EXPIRED", "LOCKED_OUT")
DISABLED = ("STAGED", "SUSPENDED", DELETED)
IN_TRANSITION = "in transition"  # the step of a change that waits until Okta is done
MAX_EXCLUSIONS = 100  # of one rule (help.okta.com, "Group rules")
RULES_PAGE = 200


class LiveState:
    """One org as the write credential sees it. Every method only reads."""

    def __init__(self, okta: Okta, choices: WriteChoices) -> None:
        self.okta, self.choices = okta, choices
        self.not_suspendable: set[str | None] = set()  # accounts whose suspension Okta refused

    def see(self, change: Change) -> Seen:
        """Return the live state of a change now, without waiting."""
        if change.action == "create_account":
            return self.see_new_account(change)
        if not (change.account_id or "").startswith("okta:user:"):
            return Seen("drift", "only users can be changed through this API")
        user = self.find_object(f"users/{to_native_id(change.account_id)}", USERS_RIGHT)
        if user is None:
            self.check_users_are_visible()
            is_given = change.action in ("grant", "enable_account")
            return Seen("drift" if is_given else "absent", "the account does not exist any more")
        login = (user.get("profile") or {}).get("login")
        if drift := find_drift(change, created_at=user.get("created"), username=login):
            return drift
        is_deactivated = DELETED in (user.get("status"), user.get("transitioningToStatus"))
        if change.action == "grant" and is_deactivated:
            return Seen("drift", "a deactivated account can be given nothing")
        match change.action:
            case "disable_account" | "enable_account" | "delete_account":
                return self.see_status(change, user)
            case "grant" | "revoke" if is_about("group", change):
                return self.see_membership(change)
            case "grant" | "revoke" if is_about("role", change):
                is_custom = change.scope_type == "resource_set"
                see_role = see_binding if is_custom else see_assignment
                return see_role(self.okta, change)
            case "grant" | "revoke" if is_about("application", change):
                return self.see_application(change)
        return Seen("drift", "this cannot be changed through this API")

    # ---- accounts

    def see_new_account(self, change: Change) -> Seen:
        """Return whether the account exists: under its login, with everything that was asked for,
        and no other account has the employee number. A new account is staged."""
        wanted = build_profile(change)
        lacking = [n for n in ("login", "email", "firstName", "lastName") if n not in wanted]
        if lacking:
            return Seen("drift", f"a new account needs a {', a '.join(lacking)}")
        if "/" in wanted["login"]:
            return Seen("drift", "Okta finds no account by a login with a /")
        user = self.find_object(f"users/{quote(wanted['login'], safe='')}", USERS_RIGHT)
        if user is not None:
            facts = {"id": to_text_id(user.get("id")), "status": user.get("status")}
            profile = user.get("profile") or {}
            differs = [name for name in wanted if not is_same(profile.get(name), wanted[name])]
            if differs:
                why = f"the login belongs to an account with another {', '.join(differs)}"
                return Seen("drift", why, facts)
            if user.get("status") == DELETED:
                return Seen("drift", "the login belongs to a deactivated account", facts)
            return Seen("done", "the account exists", facts)
        self.check_users_are_visible()
        if number := wanted.get("employeeNumber"):
            named = f"profile.employeeNumber eq {json.dumps(number, ensure_ascii=False)}"
            rows = self.okta.read_rows("users", "users", right=USERS_RIGHT, search=named)
            if rows:
                facts = {"id": to_text_id(rows[0].get("id"))}
                return Seen("drift", "an account with another login has this number", facts)
        return Seen("pending", step="create")

    def see_status(self, change: Change, user: Row) -> Seen:
        """Return whether an account has the wanted status, and the next step to it."""
        status = str(user.get("status")).upper()
        facts = {"status": status}
        if status == "ACTIVATING" or user.get("transitioningToStatus"):
            facts["to"] = str(user.get("transitioningToStatus"))
            return Seen("pending", "its status is changing", facts, IN_TRANSITION)
        if status not in (*ENABLED, *DISABLED):
            return Seen("drift", f"nobody knows whether {status} is enabled or disabled", facts)
        is_enabled = status in ENABLED
        match change.action:
            case "enable_account":
                step = "unsuspend" if status == "SUSPENDED" else "activate"
                return Seen(
                    "done" if is_enabled else "pending", "", facts, "" if is_enabled else step
                )
            case "disable_account" if not is_enabled:
                return Seen("done", facts=facts)
            case "disable_account":
                deactivates = self.choices.disable_by == "deactivate"
                deactivates |= change.account_id in self.not_suspendable
                return Seen("pending", "", facts, "deactivate" if deactivates else "suspend")
        if not self.choices.allow_delete:
            why = "accounts are deleted only if PROVISION__OKTA__ALLOW_DELETE is true"
            return Seen("drift", why, facts)
        if is_enabled:
            return Seen(
                "drift", "the account is enabled, and only a disabled one is deleted", facts
            )
        # Okta deletes only what is deactivated: the first call of a deletion would deactivate, too
        return Seen("pending", "", facts, "delete" if status == DELETED else "deactivate")

    # ---- groups

    def see_membership(self, change: Change) -> Seen:
        """Return whether the user is in the group. All pages are read, documented or not; a group
        that the credential may not see is refused before its absence could mean anything."""
        gives, group_id = change.action == "grant", to_native_id(change.entitlement_id)
        group = self.find_object(f"groups/{group_id}", GROUPS_RIGHT, expand="stats")
        if group is None:
            return Seen("drift" if gives else "absent", "the group does not exist any more")
        path = f"users/{to_native_id(change.account_id)}/groups"
        rows = self.okta.read_rows("groups", path, right=GROUPS_RIGHT)
        is_member = group_id in {read_id("okta: groups", row, "id") for row in rows}
        facts: dict[str, Any] = {"is_member": is_member}
        if is_member == gives:
            return Seen("done" if gives else "absent", facts=facts)
        why = self.find_obstacle(change, group) or self.find_rule(change)
        return Seen("drift", why, facts) if why else Seen("pending", facts=facts)

    def find_obstacle(self, change: Change, group: Row) -> str:
        """Return why the members of this group are not ours to change; empty if they are."""
        name = (group.get("profile") or {}).get("name")
        if group.get("type") == "BUILT_IN":
            return "Okta itself decides who is in the group"
        if group.get("type") != "OKTA_GROUP":
            return "another directory decides who is in the group"
        if change.resource_name and name != change.resource_name:
            return "the group now has another name"
        if may_have_admin_role(group):
            return "the group gives an admin role, or Okta does not say that it gives none"
        return ""

    def find_rule(self, change: Change) -> str:
        """Return why the rules of the group forbid the change; empty if they do not.

        To remove a member that a rule gives, Okta excludes the user from the rule. To add one by
        hand was seen to exclude others ("Group rules").
        """
        rules = self.okta.read_rows(
            "group_rules", "groups/rules", right=GROUPS_RIGHT, size=RULES_PAGE
        )
        group_id, user_id = to_native_id(change.entitlement_id), to_native_id(change.account_id)
        for rule in rules:
            if group_id not in list_rule_targets([rule]):
                continue
            if change.action == "grant" or not self.choices.rule_exclusions:
                return f"the rule {rule.get('name')} decides who is in the group"
            people = (rule.get("conditions") or {}).get("people") or {}
            excluded = (people.get("users") or {}).get("exclude") or ()
            if len(excluded) >= MAX_EXCLUSIONS and user_id not in excluded:
                return f"the rule {rule.get('name')} has {len(excluded)} exclusions, the maximum"
        return ""

    # ---- applications

    def see_application(self, change: Change) -> Seen:
        """Return whether the application is assigned to the user directly."""
        if change.action == "grant":
            return Seen("drift", "applications are assigned in Okta itself")
        application, user = to_native_id(change.entitlement_id), to_native_id(change.account_id)
        row = self.find_object(f"apps/{application}/users/{user}", APPLICATIONS_RIGHT)
        facts = {"scope": row.get("scope") if row else None}
        if row is None or row.get("scope") == "GROUP":
            return Seen("absent", "only through a group" if row else "", facts)
        if row.get("scope") != "USER":
            return Seen("drift", "Okta does not say whether it is assigned directly", facts)
        if not self.choices.unassign_apps:
            why = "applications are unassigned only if PROVISION__OKTA__UNASSIGN_APPS is true"
            return Seen("drift", why, facts)
        return Seen("pending", facts=facts)

    # ---- reading

    def find_object(self, path: str, right: str, **params: Any) -> Row | None:
        return find(lambda: self.okta.api.get_object(path, right, **params))

    def check_users_are_visible(self) -> None:
        """Raise Unreadable if no user can be seen, because then a 404 proves nothing."""
        if not self.has_visible_users:
            why = "no user can be seen"
            raise Unreadable("okta: users", why, "check the admin role of the write credential")

    @cached_property
    def has_visible_users(self) -> bool:
        rows, _ = next(self.okta.pages("users", right=USERS_RIGHT, limit=1))
        return bool(rows)
