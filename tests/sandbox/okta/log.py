"""Okta's System Log, tasks that take effect later, and the older state that searches show.

An event is stored when it happens and is readable once it has been persisted (`log_lag`).
"""

from __future__ import annotations

import secrets
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.sandbox.okta.directory import Directory, Thing
from tests.sandbox.okta.filter import stamp
from tests.sandbox.okta.switches import Switches

RETENTION = timedelta(days=90)
SYSTEM = {"id": "unknown", "type": "SystemPrincipal", "alternateId": "system@okta.com"}
SYSTEM |= {"displayName": "Okta System", "detailEntry": None}
MESSAGES = {
    "user.lifecycle.create": "Create Okta user",
    "user.lifecycle.activate": "Activate Okta user",
    "user.lifecycle.delete.initiated": "Delete Okta user initiated",
    "group.user_membership.add": "Add user to group membership",
    "group.user_membership.remove": "Remove user from group membership",
}


class Logged(Directory):
    """A directory whose changes are logged. `now` gives their dates, `ticks` measures durations."""

    def __init__(
        self,
        switches: Switches,
        user_type: str,
        everyone: str,
        now: Callable[[], datetime] | None = None,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(switches, user_type, everyone)
        self.now = now or utc_now
        self.ticks = ticks
        self.new_id = random_id  # from the prefix of its kind
        self.events: list[tuple[float, Thing]] = []  # in the order in which they persisted
        self.actor: Thing = SYSTEM
        self.token_id = ""  # of the API token that makes the current change
        self.past: list[tuple[float, dict[str, Thing], dict[str, Thing]]] = []
        self.tasks: list[tuple[float, str, tuple[Any, ...]]] = []  # due, method, its arguments

    def _about_to_change(self) -> None:
        if self.switches.index_lag:
            self.past.append((self.ticks(), self.users.copy(), self.groups.copy()))
        self._kept.clear()

    def searched(self) -> tuple[dict[str, Thing], dict[str, Thing]]:
        """Return the users and groups of the search index, which lags behind."""
        since = self.ticks() - self.switches.index_lag
        self.past = [kept for kept in self.past if kept[0] > since]
        return self.past[0][1:] if self.past else (self.users, self.groups)

    def later(self, seconds: float, method: str, *arguments: Any) -> None:
        """Call a method of this directory after so many seconds, or at once."""
        if seconds:
            self.tasks.append((self.ticks() + seconds, method, arguments))
        else:
            getattr(self, method)(*arguments)

    def settle(self) -> None:
        """Do everything that is due by now."""
        while due := [task for task in self.tasks if task[0] <= self.ticks()]:
            first = min(due, key=lambda task: task[0])
            self.tasks.remove(first)
            with self.as_system():
                getattr(self, first[1])(*first[2])

    @contextmanager
    def as_system(self) -> Iterator[None]:
        """Let Okta itself be the actor of what happens inside."""
        before = self.actor, self.token_id
        self.actor, self.token_id = SYSTEM, ""
        yield
        self.actor, self.token_id = before

    # events

    def readable(self) -> list[Thing]:
        """Return the events of the last ninety days that have been persisted."""
        until, oldest = self.ticks() - self.switches.log_lag, stamp(self.now() - RETENTION)
        return [one for at, one in self.events if at <= until and one["published"] >= oldest]

    def emit(self, kind: str, *targets: Thing, **more: Any) -> Thing:
        """Add an event to the log."""
        self._kept.clear()
        made = {
            "uuid": str(uuid.uuid4()),
            "published": stamp(self.now()),
            "eventType": kind,
            "version": "0",
            "severity": "INFO",
            "displayMessage": MESSAGES.get(kind, kind.replace(".", " ").replace("_", " ")),
            "actor": self.actor,
            "outcome": {"result": "SUCCESS", "reason": None},
            "target": [*targets] or None,
            "transaction": {
                "type": "WEB" if self.token_id else "JOB",
                "id": secrets.token_urlsafe(20),
                "detail": {"requestApiTokenId": self.token_id} if self.token_id else {},
            },
            "debugContext": {"debugData": {}},
            "authenticationContext": {"externalSessionId": "trs" + secrets.token_hex(8)},
        }
        self.events.append((self.ticks(), made | more))
        return made

    def user_target(self, user_id: str, user: Thing | None = None) -> Thing:
        profile = (user or self.users[user_id])["profile"]
        name = f"{profile.get('firstName', '')} {profile.get('lastName', '')}".strip()
        return target(user_id, "User", profile["login"], name)

    def group_target(self, group_id: str, group: Thing | None = None) -> Thing:
        name = (group or self.groups[group_id])["profile"]["name"]
        return target(group_id, "UserGroup", "unknown", name)

    def app_target(self, app_id: str) -> Thing:
        label = self.applications[app_id]["label"]
        return target(app_id, "AppInstance", label, label)


def random_id(prefix: str) -> str:
    return prefix + secrets.token_hex(9)[: 20 - len(prefix)]


def utc_now() -> datetime:
    return datetime.now(UTC)


def target(id_: str, kind: str, alternate_id: str, name: str) -> Thing:
    made = {"id": id_, "type": kind, "alternateId": alternate_id, "displayName": name}
    return made | {"detailEntry": None}
