"""PingOne's audit log, and the older state that reads show until a write has spread.

An activity names its resource by type and `href`. Paths are stored relative and made absolute when
they are read.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.sandbox.pingone.directory import Directory, Thing
from tests.sandbox.pingone.filter import stamp
from tests.sandbox.pingone.switches import Switches

STORED_AFTER = timedelta(milliseconds=181)  # an activity's createdAt follows its recordedAt
RETENTION = timedelta(days=14)
KINDS = {"users": "USER", "groups": "GROUP", "applications": "APPLICATION", "gateways": "GATEWAY"}


class Audited(Directory):
    """A directory whose changes are logged. `now` gives their dates, `ticks` measures durations."""

    def __init__(
        self,
        environment_id: str,
        organization_id: str,
        switches: Switches,
        now: Callable[[], datetime] | None = None,
        new_id: Callable[[], str] | None = None,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(environment_id, switches)
        self.organization_id = organization_id
        self.now = now or (lambda: datetime.now(UTC))
        self.new_id = new_id or (lambda: str(uuid.uuid4()))
        self.ticks = ticks
        self.activities: list[Thing] = []
        self.actors: dict[str, Any] = {}  # of the current change; empty means the system itself
        self.correlation_id = ""
        self.past: list[tuple[float, Directory]] = []

    def _about_to_change(self) -> None:
        if self.switches.read_lag:
            self.past.append((self.ticks(), self.snapshot()))
        _ = self.index  # from here on the change itself maintains the index
        self._kept.clear()

    def as_read(self) -> Directory:
        """Return the state that a read shows: for a while after a write, the state before it."""
        since = self.ticks() - self.switches.read_lag
        self.past = [kept for kept in self.past if kept[0] > since]
        return self.past[0][1] if self.past else self

    def recent(self) -> dict[str, Thing]:
        """Return the activities that are still within the retention time."""
        oldest = stamp(self.now() - RETENTION)
        return {one["id"]: one for one in self.activities if one["recordedAt"] >= oldest}

    def _resource(self, kind: str, thing: Thing, path: str) -> Thing:
        return {
            "type": kind,
            "id": thing["id"],
            "name": thing.get("name"),
            "environment": {"id": self.environment_id},
            "href": f"/v1/environments/{self.environment_id}/{path}",
        }

    def _user_resource(self, user: Thing) -> Thing:
        resource = self._resource("USER", user, f"users/{user['id']}")
        return resource | {"name": user["username"], "population": user["population"]}

    def _emit(self, action: str, resource: Thing) -> None:
        """Add one entry to the audit log."""
        self._kept.clear()
        if not self.switches.emit_activities:
            return
        title = action.replace("_", " ").replace(".", " ").title()
        *what, verb = title.split()
        now = self.now()
        self.activities.append(
            {
                "id": self.new_id(),
                "recordedAt": stamp(now),
                "createdAt": stamp(now + STORED_AFTER),
                "correlationId": self.correlation_id or self.new_id(),
                "actors": self.actors,
                "action": {"type": action, "description": title},
                "resources": [resource],
                "result": {
                    "status": "SUCCESS",
                    "description": f"{verb} {' '.join(what)} {resource['name']}",
                },
            }
        )
