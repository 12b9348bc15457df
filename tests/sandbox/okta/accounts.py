"""Changes to users: the states of an account, and the mails that Okta sends about them.

A change of a profile or a state moves `lastUpdated`; a sign-in does not.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tests.sandbox.okta.directory import DEPROVISIONED, Thing
from tests.sandbox.okta.filter import stamp
from tests.sandbox.okta.memberships import Memberships
from tests.sandbox.okta.profiles import SOURCED, changed_profile, check_whole
from tests.sandbox.okta.switches import Refused, invalid, not_found

MOST_GROUPS = 20  # of a new user
CANARY = "XE6wCanaryActivationToken"  # must appear in no log, journal, audit or warehouse


class Accounts(Memberships):
    """A directory whose users change. `outbox` has every mail: its kind and the user's id."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.outbox: list[tuple[str, str]] = []

    def add_user(
        self,
        profile: Thing,
        *,
        activate: bool = True,
        password: bool = False,
        provider: Thing | None = None,
        group_ids: Iterable[str] = (),
        user_type: str = "",
    ) -> Thing:
        """Create a user, STAGED or activated. Without a password, activating sends a mail."""
        group_ids = [*group_ids]
        if len(group_ids) > MOST_GROUPS:
            raise Refused(400, "E0000093")
        for group_id in group_ids:
            if group_id not in self.groups:
                raise not_found(group_id, "UserGroup")
            self._must_be_native(group_id)
        user_type = user_type or self.user_type
        if user_type not in self.user_types:
            raise invalid("type", f"type: {user_type} is not a user type")
        user_id, moment = self.new_id("00u"), stamp(self.now())
        made: Thing = {
            "id": user_id,
            "status": "STAGED",
            "created": moment,
            "activated": None,
            "statusChanged": None,
            "lastLogin": None,
            "lastUpdated": moment,
            "passwordChanged": moment if password else None,
            "type": {"id": user_type},
            "profile": check_whole(self, user_id, profile),
            "credentials": {"provider": provider or {"type": "OKTA", "name": "OKTA"}},
        }
        if password:
            made["credentials"]["password"] = {}
        self._about_to_change()
        self.users[user_id] = made
        self.everyone_changed()
        self.emit("user.lifecycle.create", self.user_target(user_id))
        for group_id in group_ids:
            self._join(user_id, group_id)
        if activate:
            self.activate(user_id, send_email=not password)
        return self.users[user_id]

    def update_profile(self, user_id: str, change: Thing, whole: bool = False) -> Thing:
        """Change the named attributes. With `whole`, erase all others."""
        user = self.users[user_id]
        if user["status"] == DEPROVISIONED and self.switches.update_deprovisioned != "allowed":
            if self.switches.update_deprovisioned == "missing":
                raise not_found(user_id, "User")
            return user
        if whole:
            rest = dict.fromkeys(user["profile"].keys() - change.keys())
            change = change | {name: None for name in rest if not self._is_fixed(user, name)}
        profile = changed_profile(self, user, change)
        if profile != user["profile"]:
            self._put_user(user_id, profile=profile)
            self.emit("user.account.update_profile", self.user_target(user_id))
            if profile["email"] != user["profile"]["email"]:
                self.emit("user.account.update_primary_email", self.user_target(user_id))
            self.run_rules(user_id)
        return self.users[user_id]

    def _is_fixed(self, user: Thing, name: str) -> bool:
        """Return whether a whole update leaves this attribute as it is."""
        return self.user_attributes()[name].get("mutability") in ("READ_ONLY", "IMMUTABLE")

    def set_source(self, user_id: str, provider: str, name: str) -> None:
        """Let another system, such as an Active Directory, be the source of a user."""
        self._put_user(user_id, credentials={"provider": {"type": provider, "name": name}})

    def sign_in(self, user_id: str) -> None:
        """Record a sign-in. A pending user becomes active by it."""
        user = self.users[user_id]
        self._about_to_change()
        self.users[user_id] = {**user, "lastLogin": stamp(self.now())}
        if user["status"] in ("PROVISIONED", "RECOVERY", "PASSWORD_EXPIRED"):
            self.set_status(user_id, "ACTIVE")

    # states

    def activate(self, user_id: str, send_email: bool = True) -> Thing:
        """Activate a user, and return the token that an unsent mail would have carried."""
        user = self.users[user_id]
        self._must_be_settled(user)
        if user["status"] not in ("STAGED", DEPROVISIONED):
            raise Refused(403, "E0000016")
        provider = user["credentials"].get("provider", {}).get("type", "OKTA")
        has_password = "password" in user["credentials"] or provider in SOURCED
        wanted = "ACTIVE" if has_password else self.switches.activated_without_password
        self._begin_transition(user_id, wanted, "user.lifecycle.activate")
        if send_email:
            self.outbox.append(("activation", user_id))
            return {}
        return {"activationToken": CANARY}

    def reactivate(self, user_id: str, send_email: bool = False) -> Thing:
        """Send a pending user the activation again."""
        if self.users[user_id]["status"] not in ("PROVISIONED", "RECOVERY"):
            raise Refused(403, "E0000038")
        self.emit("user.lifecycle.reactivate", self.user_target(user_id))
        if send_email:
            self.outbox.append(("activation", user_id))
            return {}
        return {"activationToken": CANARY}

    def suspend(self, user_id: str) -> None:
        status = self.users[user_id]["status"]
        pending = status == "PROVISIONED" and self.switches.suspend_provisioned
        if status != "ACTIVE" and not pending:
            why = f"Cannot suspend a user that is not active. Current status: {status}"
            raise invalid(why.partition(".")[0], why)
        self._must_be_settled(self.users[user_id])
        self.set_status(user_id, "SUSPENDED", "user.lifecycle.suspend")

    def unsuspend(self, user_id: str) -> None:
        if self.users[user_id]["status"] != "SUSPENDED":
            why = "Cannot unsuspend a user that is not suspended"
            raise invalid(why, why)
        self.set_status(user_id, "ACTIVE", "user.lifecycle.unsuspend")

    def lock(self, user_id: str) -> None:
        """Lock a user out, as too many wrong passwords do."""
        self.set_status(user_id, "LOCKED_OUT", "user.account.lock")

    def unlock(self, user_id: str) -> None:
        if self.users[user_id]["status"] != "LOCKED_OUT":
            raise Refused(403, "E0000032")
        self.set_status(user_id, "ACTIVE", "user.account.unlock_by_admin")

    def deactivate(self, user_id: str, send_email: bool = False) -> None:
        """Deactivate a user: applications are taken away, groups are kept."""
        user = self.users[user_id]
        if user["status"] == DEPROVISIONED:
            raise Refused(403, "E0000038")
        self._must_be_settled(user)
        self._begin_transition(user_id, DEPROVISIONED, "user.lifecycle.deactivate")
        if send_email:
            self.outbox.append(("deactivation", user_id))

    def delete_user(self, user_id: str) -> None:
        """Delete a user who is deactivated. A live one is only deactivated."""
        if self.users[user_id]["status"] != DEPROVISIONED:
            return self.deactivate(user_id)
        told = self.user_target(user_id)
        self.emit("user.lifecycle.delete.initiated", told)
        self._about_to_change()
        moment = stamp(self.now())
        for group_id in self.kept("by user", self._by_user).get(user_id, set()):
            if self.switches.deletion_moves_groups:
                self.groups[group_id] = {**self.groups[group_id], "lastMembershipUpdated": moment}
        del self.users[user_id]
        self.members = {pair for pair in self.members if pair[0] != user_id}
        self.given = {one for one in self.given if one[1] != user_id}
        self.app_users = {pair for pair in self.app_users if pair[1] != user_id}
        self.assignments.pop(user_id, None)
        self._unbind(user_id)
        self.emit("user.lifecycle.delete.completed", told)
        return None

    def set_status(self, user_id: str, status: str, event: str = "") -> None:
        """Put a user into a state, and do what follows from it."""
        if user_id not in self.users:
            return  # deleted while a transition was under way
        before, moment = self.users[user_id], stamp(self.now())
        changed: Thing = {"status": status, "statusChanged": moment}
        if before["activated"] is None and status in ("ACTIVE", "PROVISIONED"):
            changed["activated"] = moment
        if status == DEPROVISIONED:
            credentials = dict(before["credentials"])
            credentials.pop("password", None)
            changed["credentials"] = credentials
        if DEPROVISIONED in (status, before["status"]):
            self.everyone_changed()
        self._put_user(user_id, **changed)
        if event:
            self.emit(event, self.user_target(user_id))
        if status == DEPROVISIONED:
            for app_id, _ in sorted(pair for pair in self.app_users if pair[1] == user_id):
                self.app_users.discard((app_id, user_id))
                user, app = self.user_target(user_id), self.app_target(app_id)
                self.emit("application.user_membership.remove", user, app)
        if before["status"] in ("STAGED", DEPROVISIONED):
            self.run_rules(user_id)

    def _begin_transition(self, user_id: str, status: str, event: str) -> None:
        seconds = self.switches.transition
        if seconds:
            changed: Thing = {"transitioningToStatus": status}
            if status != DEPROVISIONED and self.switches.activating_status:
                changed["status"] = "ACTIVATING"
            self._put_user(user_id, **changed)
        self.later(seconds, "set_status", user_id, status, event)

    def _must_be_settled(self, user: Thing) -> None:
        if user.get("transitioningToStatus"):
            raise Refused(409, "E0000112")

    def _put_user(self, user_id: str, **changed: Any) -> None:
        """Store a changed user. A new state ends the transition to it."""
        self._about_to_change()
        made = {**self.users[user_id], "lastUpdated": stamp(self.now())} | changed
        if "statusChanged" in changed:
            made.pop("transitioningToStatus", None)
        self.users[user_id] = made
