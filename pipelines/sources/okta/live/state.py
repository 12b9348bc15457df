"""Looks up what an org says about a change at this moment: by id or in plain lists, because the
index of a search lags.

An effect that is in place already is never refused. Otherwise nothing is done that gives or takes
more than the change asks for.
"""

from __future__ import annotations

from pipelines.sources.okta.choices import WriteChoices
from pipelines.sources.okta.client import Okta
from pipelines.sources.okta.live.accounts import Accounts
from pipelines.sources.okta.live.ahead import Ahead
from pipelines.sources.okta.live.groups import Groups
from pipelines.sources.okta.live.roles import see_assignment, see_binding
from pipelines.sources.okta.live.view import View
from pipelines.sources.okta.profiles import read_profile
from pipelines.sources.okta.rows import DELETED
from pipelines.sources.okta.translation import APPLICATIONS_RIGHT, is_about
from pipelines.sources.raw_rows import Row
from pipelines.sources.writer import Change, Seen, find_drift, is_same, to_native_id


class LiveState:
    """One org as the write credential sees it. Every method only reads."""

    def __init__(self, okta: Okta, choices: WriteChoices) -> None:
        self.okta, self.choices, self.view = okta, choices, View(okta)
        self.accounts, self.groups = Accounts(self.view, choices), Groups(self.view, choices)
        self.ahead = Ahead(self.groups)

    def see(self, change: Change, *, after_call: bool = False) -> Seen:
        """Return the live state of a change now, without waiting. `after_call`: a call for it was
        sent, whose effect is to be found."""
        if change.action == "create_account":
            return self.accounts.see_new_account(change)
        if change.action == "create_group":
            return self.groups.see_new_group(change, after_call=after_call)
        if change.action == "rename_group":
            return self.groups.see_naming(change)
        if not (change.account_id or "").startswith("okta:user:"):
            return Seen("drift", "only users can be changed through this API")
        if change.action in ("grant", "revoke") and is_about("group", change):
            known = (self.groups.see_effect if after_call else self.ahead.see)(change)
            if known:
                return known
        found = self.view.find_user(to_native_id(change.account_id))
        if found is None:
            self.view.check_users_are_visible()
            is_taken = change.action in ("revoke", "disable_account", "delete_account")
            return Seen("absent" if is_taken else "drift", "the account does not exist any more")
        user, version = found
        login = _find_login(change, user)
        if drift := find_drift(change, created_at=user.get("created"), username=login):
            return drift
        is_deactivated = DELETED in (user.get("status"), user.get("transitioningToStatus"))
        if change.action == "grant" and is_deactivated:
            return Seen("drift", "a deactivated account can be given nothing")
        match change.action:
            case "update_account":
                return self.accounts.see_profile(change, user, version)
            case "disable_account" | "enable_account" | "delete_account":
                return self.accounts.see_status(change, user)
            case "grant" | "revoke" if is_about("group", change):
                return self.groups.see_membership(change)
            case "grant" | "revoke" if is_about("role", change):
                is_custom = change.scope_type == "resource_set"
                see_role = see_binding if is_custom else see_assignment
                return see_role(self.okta, change)
            case "grant" | "revoke" if is_about("application", change):
                return self.see_application(change)
        return Seen("drift", "this cannot be changed through this API")

    def see_application(self, change: Change) -> Seen:
        """Return whether the application is assigned to the user directly."""
        if change.action == "grant":
            return Seen("drift", "applications are assigned in Okta itself")
        application, user = to_native_id(change.entitlement_id), to_native_id(change.account_id)
        row = self.view.find_object(f"apps/{application}/users/{user}", APPLICATIONS_RIGHT)
        facts = {"scope": row.get("scope") if row else None}
        if row is None or row.get("scope") == "GROUP":
            return Seen("absent", "only through a group" if row else "", facts)
        if row.get("scope") != "USER":
            return Seen("drift", "Okta does not say whether it is assigned directly", facts)
        if not self.choices.unassign_apps:
            why = "applications are unassigned only if PROVISION__OKTA__UNASSIGN_APPS is true"
            return Seen("drift", why, facts)
        return Seen("pending", facts=facts)


def _find_login(change: Change, user: Row) -> str | None:
    """Return the login of a live user; the one of the last sync if this change has replaced it."""
    login = (user.get("profile") or {}).get("login")
    if change.action == "update_account":
        wanted = read_profile(change.wanted_state).get("login")
        if wanted and is_same(login, wanted):
            return change.account_username or login
    return login
