"""Looks up whether an account exists, which status it has, and what its profile says."""

from __future__ import annotations

import json
from urllib.parse import quote

from pipelines.failures import Failure
from pipelines.files.json_text import to_text_id
from pipelines.sources.okta.choices import WriteChoices
from pipelines.sources.okta.live.view import View
from pipelines.sources.okta.profiles import (
    NEEDED_ATTRIBUTES,
    build_profile,
    find_new_account_differences,
    is_equal,
    read_profile,
)
from pipelines.sources.okta.rows import DELETED
from pipelines.sources.okta.translation import USERS_RIGHT
from pipelines.sources.raw_rows import Row
from pipelines.sources.writer import Change, Seen

ENABLED = ("PROVISIONED", "ACTIVE", "RECOVERY", "PASSWORD_EXPIRED", "LOCKED_OUT")
DISABLED = ("STAGED", "SUSPENDED", DELETED)
IN_TRANSITION = "in transition"  # the step of a change that waits until Okta is done


class Accounts:
    """The accounts of one org at this moment. Every method only reads."""

    def __init__(self, view: View, choices: WriteChoices) -> None:
        self.view, self.choices = view, choices
        self.not_suspendable: set[str | None] = set()  # accounts whose suspension Okta refused

    def see_new_account(self, change: Change) -> Seen:
        """Return whether the account exists: under its login, with everything that was asked for,
        and no other account has the employee number. A new account is staged."""
        wanted = build_profile(change)
        if lacking := [name for name in NEEDED_ATTRIBUTES if name not in wanted]:
            return Seen("drift", f"a new account needs a {', a '.join(lacking)}")
        if "/" in wanted["login"]:
            return Seen("drift", "Okta finds no account by a login with a /")
        user = self._find_holder(wanted["login"])
        if user is not None:
            return self._see_holder_of_login(change, user)
        self.view.check_users_are_visible()
        if number := wanted.get("employeeNumber"):
            named = f"profile.employeeNumber eq {json.dumps(number, ensure_ascii=False)}"
            rows = self.view.okta.read_rows("users", "users", right=USERS_RIGHT, search=named)
            if rows:
                facts = {"id": to_text_id(rows[0].get("id"))}
                return Seen("drift", "an account with another login has this number", facts)
        return Seen("pending", step="create")

    def _find_holder(self, login: str) -> Row | None:
        """Return the user of a login, which no message of a failure has."""
        try:
            return self.view.find_object(f"users/{quote(login, safe='')}", USERS_RIGHT)
        except Failure as failure:
            kind, what = type(failure), "okta: the user of a new account's login"
            raise kind(what, failure.why, failure.next, failure.status, failure.body) from None

    def _see_holder_of_login(self, change: Change, user: Row) -> Seen:
        key = to_text_id(user.get("id"))
        facts = {"id": key, "status": user.get("status")}
        differs = find_new_account_differences(change, user.get("profile") or {})
        kind = json.loads(change.wanted_state or "{}").get("user_type")
        if kind and to_text_id((user.get("type") or {}).get("id")) != kind:
            differs.append("user type")
        if differs:
            why = f"the login belongs to an account with another {', '.join(differs)}"
            return Seen("drift", why, facts)
        if user.get("status") == DELETED:
            return Seen("drift", "the login belongs to a deactivated account", facts)
        return Seen("done", "the account exists", facts | {"account_id": f"okta:user:{key}"})

    def see_profile(self, change: Change, user: Row, version: str) -> Seen:
        """Return whether an account has every wanted value. If one is neither as wanted nor as at
        the last sync, somebody else changed it, and nothing is written."""
        wanted, expected = map(read_profile, (change.wanted_state, change.expected_state))
        profile = user.get("profile") or {}
        schema = json.loads(change.expected_state or "{}").get("schema_sha256")
        facts = {"changed_fields": sorted(wanted), "schema_sha256": schema}
        differs = {n: value for n, value in wanted.items() if not is_equal(profile.get(n), value)}
        if not differs:
            return Seen("done", facts=facts)
        if DELETED in (user.get("status"), user.get("transitioningToStatus")):
            return Seen("drift", "the profile of a deactivated account is not changed", facts)
        moved = [n for n in differs if not is_equal(profile.get(n), expected.get(n))]
        if moved:
            return Seen("drift", f"somebody else changed {', '.join(sorted(moved))}", facts)
        return Seen("pending", "", facts, "update", {"profile": differs, "version": version})

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
            case "enable_account" if is_enabled:
                return Seen("done", facts=facts)
            case "enable_account":
                return _see_disabled(change, status)
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


def _see_disabled(change: Change, status: str) -> Seen:
    """Return how to enable an account. A push activates only what is staged or deactivated, and
    only from the status that the plan saw; who suspended an account ends that, too."""
    facts, wanted = {"status": status}, json.loads(change.wanted_state or "{}")
    planned = wanted.get("source_status")
    if planned and planned != status:
        why = f"the account is {status} now, and was {planned} at the last sync"
        return Seen("drift", why, facts)
    if status == "SUSPENDED":
        is_push = planned or change.reason_kind == "push"
        why = "a push does not end a suspension"
        return Seen("drift", why, facts) if is_push else Seen("pending", "", facts, "unsuspend")
    step = "activate_with_mail" if wanted.get("sends_mail") is True else "activate"
    return Seen("pending", "", facts, step)
