"""Reads ahead for the memberships that a plan is about to change.

For one membership it takes four reads to see the user, the group, its rules and its members. For
many of them these are read once: a group with all its members, and fifty users in one request. What
was read is used for a minute, once for each change, and only to say that the change is still to be
made. Whatever else it seems to say is left to a fresh look, and so is every failure.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import islice
from typing import Any

from pipelines.failures import Failure
from pipelines.sources.okta.live.groups import LIFETIME, Groups
from pipelines.sources.okta.rows import DELETED, get_count
from pipelines.sources.okta.translation import USERS_RIGHT, is_about
from pipelines.sources.raw_rows import Row, read_id
from pipelines.sources.writer import Change, Seen, find_drift, to_native_id

USERS_AT_ONCE = 50  # a request with more ids could be too long
MEMBERS_AT_ONCE = 1000  # the largest page ("Groups")


class Ahead:
    """What the coming changes of memberships need to know."""

    def __init__(self, groups: Groups) -> None:
        self.groups, self.okta = groups, groups.view.okta
        self.coming: dict[str, Change] = {}  # by change, in the order of the plan
        self.read: dict[str, tuple[float, Any]] = {}  # what was read -> when, and the answer

    def begin(self, changes: list[Change]) -> None:
        self.coming = {
            change.change_id: change
            for change in changes
            if change.action in ("grant", "revoke") and is_about("group", change)
        }

    def see(self, change: Change) -> Seen | None:
        """Return that a change is still to be made; None if a fresh look has to decide."""
        if change.change_id not in self.coming:
            return None
        while next(iter(self.coming)) != change.change_id:
            del self.coming[next(iter(self.coming))]  # it was settled before
        try:
            return self._see(change)
        except Failure:
            return None
        finally:
            del self.coming[change.change_id]

    def _see(self, change: Change) -> Seen | None:
        gives, group_id = change.action == "grant", to_native_id(change.entitlement_id)
        group = self.keep(f"group {group_id}", lambda: self.groups.find_group(group_id))
        members = self.keep(f"members {group_id}", lambda: self._read_members(group_id, group))
        user = self._find_user(change)
        if group is None or members is None or user is None:
            return None
        login = (user.get("profile") or {}).get("login")
        is_deactivated = DELETED in (user.get("status"), user.get("transitioningToStatus"))
        is_member = to_native_id(change.account_id) in members
        if (
            find_drift(change, created_at=user.get("created"), username=login)
            or (gives and is_deactivated)
            or is_member == gives
            or self.groups.find_obstacle(change, group, self.keep("rules", self.groups.read_rules))
        ):
            return None
        return Seen("pending", facts={"is_member": is_member})

    def keep(self, what: str, read: Callable[[], Any]) -> Any:
        """Return what `read` gives, or gave less than a minute ago. After a failure it is None."""
        at, found = self.read.get(what, (-LIFETIME, None))
        if time.monotonic() - at >= LIFETIME:
            self.read[what] = (time.monotonic(), None)
            found = read()
            self.read[what] = (time.monotonic(), found)
        return found

    def _read_members(self, group_id: str, group: Row | None) -> set[str] | None:
        """Return the members of a group; None if it has more pages of them than changes."""
        coming = sum(group_id == to_native_id(one.entitlement_id) for one in self.coming.values())
        if group is None or (get_count(group) or 0) / MEMBERS_AT_ONCE > coming:
            return None
        pages = self.okta.read_member_pages(group_id)
        return None if pages is None else {key for page in pages for key in page}

    def _find_user(self, change: Change) -> Row | None:
        key = to_native_id(change.account_id)
        at, user = self.read.get(f"user {key}", (-LIFETIME, None))
        if time.monotonic() - at < LIFETIME:
            return user
        coming = dict.fromkeys(to_native_id(one.account_id) for one in self.coming.values())
        keys = [*islice(coming, USERS_AT_ONCE)]
        # The index of a filter lags by about a second ("Users"), which is less than a minute
        named = " or ".join(f'id eq "{one}"' for one in keys)
        rows = self.okta.read_rows("users", "users", right=USERS_RIGHT, filter=named)
        found = {read_id("okta: users", row, "id"): row for row in rows}
        for one in keys:
            self.read[f"user {one}"] = (time.monotonic(), found.get(one))
        return found.get(key)
